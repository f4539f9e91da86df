import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isObject } from '../files/json.ts';
import { canonicalJson } from '../model/canonical.ts';
import { valueAt } from '../model/dotted.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { done, type Outcome } from '../model/problem.ts';
import { type DvcContent, DvcCache, digestOf } from './content.ts';
import { readDocument } from './document.ts';
import type { DvcStage } from './stage.ts';
import { joined } from './template.ts';
import { readValues, shownFile, type Where } from './values.ts';

/** A file or folder, as `dvc.lock` or a `.dvc` file notes it. */
interface Noted extends DvcContent {
  readonly path: string;
}

/** A stage as it last ran, by `dvc.lock`. */
interface Locked {
  readonly command: string;
  readonly deps: readonly Noted[];
  readonly params: readonly (readonly [file: string, key: string, value: Json])[];
  readonly outs: readonly Noted[];
}

/** An output that is there, as the stage made it: where it stands, or what DVC's cache holds of it. */
export interface Present {
  readonly path: string;
  readonly content: DvcContent;
  /** Absolute; undefined: it is only in the cache. */
  readonly standing: string | undefined;
}

/** Whether the outputs of a stage are those that it would make now. */
export type Standing = { readonly outs: readonly Present[] } | { readonly why: string };

/** What DVC notes of a list of files. */
export function noted(list: Json | undefined): Noted[] {
  return [list ?? []].flat().flatMap((one: Json) => {
    if (!isObject(one)) return [];
    const { path, md5, hash } = one as JsonObject;
    if (typeof path !== 'string' || typeof md5 !== 'string') return [];
    return [{ path, digest: md5, hashing: hash === 'md5' ? 'md5' : 'md5-dos2unix' } satisfies Noted];
  });
}

function lockedOf(value: Json): Locked {
  const { cmd, deps, params, outs } = (isObject(value) ? value : {}) as JsonObject;
  const files = isObject(params) ? Object.entries(params as JsonObject) : [];
  return {
    command: sameCommand([cmd ?? ''].flat().map(String)),
    deps: noted(deps),
    params: files.flatMap(([file, keys]) => Object.entries((keys ?? {}) as JsonObject).map(([key, one]) => [file, key, one] as const)),
    outs: noted(outs),
  };
}

/** A command as it is compared: Python writes some numbers otherwise. */
function sameCommand(commands: readonly string[]): string {
  return commands.join('\n').replaceAll(/(?<![\w.])\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.])/gi, (number) => String(Number(number)));
}

/** `dvc.lock`, and what is there of what it notes. */
export class DvcLock {
  private readonly stages: ReadonlyMap<string, Locked>;
  private readonly where: Where;
  private readonly cache: DvcCache;
  /** The folders in which stages work, by their names. */
  private readonly folders: ReadonlyMap<string, string>;
  private readonly known = new Map<string, Standing>();

  private constructor(locked: ReadonlyMap<string, Locked>, stages: readonly DvcStage[], where: Where, project: string) {
    this.stages = locked;
    this.folders = new Map(stages.map(({ name, folder }) => [name, folder]));
    this.where = where;
    this.cache = new DvcCache(project);
  }

  /** Reads the lock beside a `dvc.yaml`; undefined where there is none. */
  static read(where: Where, project: string, stages: readonly DvcStage[]): Outcome<DvcLock | undefined> {
    const path = join(where.folder, 'dvc.lock');
    if (!existsSync(path)) return done(undefined);
    const read = readDocument(path, shownFile(where, 'dvc.lock'));
    if (!read.ok) return read;
    const { value } = read.value;
    // The first locks had no "stages": the names stood at the top.
    const written = isObject(value['stages']) ? (value['stages'] as JsonObject) : value['schema'] === undefined ? value : {};
    return done(new DvcLock(new Map(Object.entries(written).map(([name, one]) => [name, lockedOf(one)])), stages, where, project));
  }

  /** What DVC's cache holds. */
  get content(): DvcCache {
    return this.cache;
  }

  /** Whether an output is a folder, where the lock knows. */
  isFolder(stage: string, path: string): boolean | undefined {
    const out = this.stages.get(stage)?.outs.find((one) => this.inFolder(stage, one.path) === path);
    return out?.digest.endsWith('.dir');
  }

  /** Paths of a lock are relative to the folder in which the stage works; here all are to that of `dvc.yaml`. */
  private inFolder(stage: string, path: string): string {
    return join(this.folders.get(stage) ?? '.', path).replace(/(?<=.)\/$/, '');
  }

  /** What DVC would say of a stage: that nothing changed, and its outputs are there; or why not. `maker`: who makes a path. */
  standing(stage: DvcStage, maker: (path: string) => DvcStage | undefined): Standing {
    const known = this.known.get(stage.name);
    if (known !== undefined) return known;
    // Who comes to itself again on its way up makes a cycle, which is told elsewhere.
    this.known.set(stage.name, { why: 'it depends on itself' });
    const found = this.look(stage, maker);
    this.known.set(stage.name, found);
    return found;
  }

  private look(stage: DvcStage, maker: (path: string) => DvcStage | undefined): Standing {
    const locked = this.stages.get(stage.name);
    if (locked === undefined) return { why: 'dvc.lock does not know it' };
    if (stage.isAlwaysChanged) return { why: 'it always runs' };
    if (locked.command !== sameCommand(stage.commands.map(joined))) return { why: 'its command has changed' };
    for (const { path } of stage.deps) {
      const before = maker(path);
      const above = before === undefined || before === stage ? undefined : this.standing(before, maker);
      if (above !== undefined && 'why' in above) return { why: `${before?.name ?? ''}, which it needs, is not taken over` };
      const dep = locked.deps.find((one) => this.inFolder(stage.name, one.path) === path);
      if (dep === undefined) return { why: `dvc.lock does not know its ${path}` };
      const upstream = before === undefined ? undefined : this.madeBy(before, path);
      const now = upstream ?? digestOf(join(this.where.folder, path), dep.hashing);
      if (now !== dep.digest) return { why: now === undefined ? `${path} is not there` : `${path} has changed` };
    }
    const params = this.changedParam(stage, locked);
    if (params !== undefined) return { why: params };
    return this.present(stage, locked);
  }

  private madeBy(stage: DvcStage, path: string): string | undefined {
    return this.stages.get(stage.name)?.outs.find((one) => this.inFolder(stage.name, one.path) === path)?.digest;
  }

  private changedParam(stage: DvcStage, { params }: Locked): string | undefined {
    for (const { file, keys } of stage.params) {
      const values = readValues(this.where, file)?.values ?? {};
      for (const key of keys ?? Object.keys(values)) {
        const before = params.find(([at, one]) => this.inFolder(stage.name, at) === file && one === key);
        const now = valueAt(values, key.split('.'));
        if (before === undefined || now === undefined) return `dvc.lock does not know its ${key}`;
        if (canonicalJson(before[2]) !== canonicalJson(now)) return `its ${key} has changed`;
      }
    }
    return undefined;
  }

  private present(stage: DvcStage, { outs }: Locked): Standing {
    const found: Present[] = [];
    for (const { path } of stage.outs) {
      const content = outs.find((one) => this.inFolder(stage.name, one.path) === path);
      if (content === undefined) return { why: `dvc.lock does not know its ${path}` };
      const standing = join(this.where.folder, path);
      const isThere = digestOf(standing, content.hashing) === content.digest;
      if (!isThere && !this.isCached(content)) return { why: `${path} is neither there as it was made nor in DVC’s cache` };
      found.push({ path, content, standing: isThere ? standing : undefined });
    }
    return { outs: found };
  }

  private isCached(content: DvcContent): boolean {
    if (!content.digest.endsWith('.dir')) return this.cache.file(content) !== undefined;
    const members = this.cache.members(content);
    return members?.every(({ md5 }) => this.cache.file({ digest: md5, hashing: content.hashing }) !== undefined) === true;
  }
}

import { existsSync, lstatSync, readdirSync, statSync } from 'node:fs';
import { join, posix, relative } from 'node:path';
import { canonicalJson } from '../model/canonical.ts';
import type { CommandDraft } from './command.ts';
import { noted } from './lock.ts';
import { readDocument } from './document.ts';
import { FreshNames, type InputDraft, type SourceDraft } from './draft.ts';
import type { Folded } from './fold.ts';
import { isElsewhere, liesIn } from './layout.ts';
import { type Conversion, portOf, stem } from './outputs.ts';
import { namesFile, unnamedFiles } from './scripts.ts';
import type { DvcStage } from './stage.ts';
import { joined } from './template.ts';

/** Entries of a folder that are inputs each for themselves, since something in the folder is written by a stage. */
const MOST_ENTRIES = 40;

/** An input that is still to be named. */
interface Wanted {
  readonly path: string;
  readonly line: number;
  readonly comment?: string;
}

/** Gathers the sources of a pipeline file, and connects the inputs of its nodes. */
export class Inputs {
  readonly sources: Map<string, SourceDraft> = new Map();
  private readonly conversion: Conversion;
  private readonly names = new FreshNames('-');
  /** Names of sources by their path in DVC. */
  private readonly named = new Map<string, string>();
  /** The folder of the pipeline file, absolute. */
  private readonly target: string;
  /** How many stages read a path. */
  private readonly readers = new Map<string, number>();

  constructor(conversion: Conversion, target: string, folded: readonly Folded[]) {
    this.conversion = conversion;
    this.target = target;
    for (const { stages } of folded) for (const { path } of stages[0].deps) this.readers.set(path, (this.readers.get(path) ?? 0) + 1);
  }

  /** The inputs of a node. */
  draft({ stages: [stage] }: Folded, node: string, whole: CommandDraft['whole']): InputDraft[] {
    const wanted = this.wantedBy(stage, whole);
    const inner = wanted.filter(
      ({ path }) => !wanted.some((other) => other.path !== path && isElsewhere(path) === undefined && liesIn(path, other.path)),
    );
    return inner.map((one) => this.input(one, stage, node));
  }

  private wantedBy(stage: DvcStage, whole: CommandDraft['whole']): Wanted[] {
    const { conversion } = this;
    const { notes, made, folder } = conversion;
    const wanted = new Map<string, Wanted>();
    const want = (one: Wanted): void => void (wanted.has(one.path) || wanted.set(one.path, one));
    for (const dep of stage.deps) {
      const { path, line } = dep;
      const own = stage.outs.some((out) => out.path === path);
      if (isElsewhere(path) === 'far')
        notes.add(line, `${stage.name}: ${path} is far away: fetch it with a node or by hand, and make that a source`);
      else if (own) notes.add(line, `${stage.name}: it reads and writes ${path}: a node is given what it reads apart from what it writes`);
      else for (const one of this.parts(path, stage)) want({ path: one, line });
      if (path === '.') notes.add(line, `${stage.name}: it depends on the whole project: name what it reads`);
    }
    for (const { file, comment } of whole) want({ path: file, line: stage.line, comment });
    const given = [...wanted.keys()];
    const files = stage.params.map(({ file }) => file);
    const written = [...made.keys(), ...stage.outs.map(({ path }) => path), ...files];
    for (const { path, by } of unnamedFiles(stage.commands.map(joined).join('\n'), { root: folder, folder: stage.folder, given, written }))
      want({ path, line: stage.line, comment: `named in ${by}; DVC does not look at it` });
    const settings = posix.join(stage.folder, 'params.yaml');
    const opens = [...wanted.keys()].find((path) => path.endsWith('.py') && namesFile(join(folder, path), 'params.yaml'));
    if (opens !== undefined && !files.includes(settings) && existsSync(join(folder, settings)))
      want({ path: settings, line: stage.line, comment: `named in ${posix.basename(opens)}; DVC does not look at it` });
    return [...wanted.values()];
  }

  /** What a dependency consists of: itself, or where stages write into a folder, what lies in it. */
  private parts(path: string, stage: DvcStage): string[] {
    const { made, folder, notes } = this.conversion;
    if (isElsewhere(path) !== undefined) return [path];
    const maker = portOf(path, made)?.output;
    if (maker !== undefined) return [maker.path];
    const inside = [...made.values()].filter((one) => liesIn(one.path, path));
    if (inside.length === 0) return [path];
    const others = inside.filter((one) => one.stage.name !== stage.name).map((one) => one.path);
    const standing = this.entries(path, [...made.keys()]);
    if (standing.length > MOST_ENTRIES) {
      const line = stage.deps.find((one) => one.path === path)?.line ?? stage.line;
      notes.add(
        line,
        `${stage.name}: of ${path}, in which stages write, only the first ${MOST_ENTRIES} entries are taken: give them a folder of their own`,
      );
    }
    return [...others, ...standing.slice(0, MOST_ENTRIES).map((one) => relative(folder, join(folder, one)))];
  }

  /** The files and folders of a folder in which nothing is written by a stage. */
  private entries(path: string, made: readonly string[]): string[] {
    const absolute = join(this.conversion.folder, path);
    if (statSync(absolute, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
    return readdirSync(absolute, { withFileTypes: true }).flatMap((entry) => {
      const one = posix.join(path, entry.name);
      if (made.includes(one) || /^\.(?:git|dvc)|\.dvc$/.test(entry.name)) return [];
      return made.some((other) => liesIn(other, one)) ? this.entries(one, made) : [one];
    });
  }

  private input({ path, comment, line }: Wanted, stage: DvcStage, node: string): InputDraft {
    const { layout, made, names, notes } = this.conversion;
    const port = (like: string): string => names.get(node)?.make(like) ?? like;
    const about = comment === undefined ? {} : { comment };
    const output = made.get(path);
    if (output !== undefined) {
      const where = output.point === undefined ? {} : { where: output.point };
      return { port: port(output.port), from: `${output.node}.${output.port}`, ...where, at: layout.at(path), ...about };
    }
    if (isElsewhere(path) === 'absolute') {
      notes.add(line, `${stage.name}: ${path} lies outside the project: it counts, and is read where it lies`);
      return { port: port(stem(path)), from: this.source(path), ...about };
    }
    return { port: port(stem(path)), from: this.from(path), at: layout.at(path), ...about };
  }

  /** How a file that no stage makes is named: by a source, where that says more than its path. */
  private from(path: string): string {
    const { folder } = this.conversion;
    const isThere = existsSync(join(folder, path));
    const isCode = /\.(?:py|r|sh|jl|js|ts|ipynb|ya?ml|toml|json)$/i.test(path);
    if (isThere && this.tracked(path) === undefined && (isCode || (this.readers.get(path) ?? 0) < 2) && !this.isLinked(path))
      return this.shown(path);
    return this.source(path);
  }

  private shown(path: string): string {
    const file = path.startsWith('/') ? path : relative(this.target, join(this.conversion.folder, path));
    return file.startsWith('..') || file.startsWith('/') ? file : `./${file}`;
  }

  private isLinked(path: string): boolean {
    const absolute = join(this.conversion.folder, path);
    const stats = lstatSync(absolute, { throwIfNoEntry: false });
    if (stats?.isSymbolicLink() === true) return true;
    return stats?.isDirectory() === true && readdirSync(absolute, { withFileTypes: true }).some((entry) => entry.isSymbolicLink());
  }

  private source(path: string): string {
    const known = this.named.get(path) ?? this.names.make(stem(path));
    this.named.set(path, known);
    const tracked = this.tracked(path);
    const isThere = path.startsWith('/') || existsSync(join(this.conversion.folder, path));
    const obtain = tracked !== undefined ? `dvc pull ${tracked}` : isThere ? undefined : 'it was not there when dvc.yaml was imported';
    this.sources.set(known, {
      path: this.shown(path),
      ...(obtain === undefined ? {} : { obtain }),
      ...(this.isLinked(path) ? { links: 'follow' as const } : {}),
    });
    return `$sources.${known}`;
  }

  /** The `.dvc` file by which DVC knows a path, or a folder that it lies in. */
  private tracked(path: string): string | undefined {
    const { folder } = this.conversion;
    for (let at = path; at !== '.' && at !== '/' && isElsewhere(at) === undefined; at = posix.dirname(at)) {
      const file = `${at}.dvc`;
      const read = existsSync(join(folder, file)) ? readDocument(join(folder, file), file) : undefined;
      if (read?.ok === true && noted(read.value.value['outs']).length > 0) return file;
    }
    return this.frozen(path);
  }

  /** The stage that made a path and is frozen: it is not run any more. */
  private frozen(path: string): string | undefined {
    return this.conversion.pipeline.stages.find(
      ({ isFrozen, outs }) => isFrozen && outs.some((out) => canonicalJson(out.path) === canonicalJson(path)),
    )?.name;
  }
}

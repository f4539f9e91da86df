import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  utimesSync,
  constants,
} from 'node:fs';
import { basename, join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { isObject } from '../../files/json.ts';
import { readSealed, writeSealedNote } from '../../files/sealed.ts';
import { ifPossible, writeDurably } from '../../files/durable.ts';
import { removeTree } from '../../files/remove.ts';
import { lockFile } from '../../files/lock.ts';
import type { Lock } from '../../model/workplace.ts';
import type { Artifact } from '../../model/artifact.ts';
import type { NodeOutputs, Placed, Published, PublishedOutputs } from '../../model/store.ts';
import { safeFileName } from '../../files/file-name.ts';
import type { LocalArtifacts } from './artifacts.ts';
import type { Links } from './loose-blobs.ts';
import { lookAtOutputs, type PlacedOutputs, stampOf, swappedOutput } from './placed-outputs.ts';

/** What a published folder holds, and how its files stood. */
interface Note {
  readonly outputs: Readonly<Record<string, string>>;
  readonly stamp: string;
}

function isNote(value: unknown): value is Note {
  return isObject(value) && isObject(value['outputs']) && typeof value['stamp'] === 'string';
}

/** How a published folder stands, in few words. */
function standingOf(folder: string, stamp: string): string {
  return `${basename(folder)} ${stamp}`;
}

/** A name for what is about to be published. */
function freshName(pipeline: string): string {
  return `.${safeFileName(pipeline)}-${randomBytes(4).toString('hex')}`;
}

/** An output by the name that users give it, its place in the folder of its pipeline, and what stands for it in the note. */
interface NamedOutput {
  readonly node: string;
  readonly port: string;
  readonly name: string;
  readonly path: string;
  readonly digest: string;
  readonly artifact: Artifact;
}

function named(outputs: NodeOutputs): readonly NamedOutput[] {
  return [...outputs].flatMap(([node, ports]) =>
    [...ports].map(([port, artifact]) => ({
      node,
      port,
      name: `${node}.${port}`,
      path: join(safeFileName(node), `${port}${artifact.suffix}`),
      digest: artifact.executable === true ? `${artifact.digest} executable` : artifact.digest,
      artifact,
    })),
  );
}

/** Where users find outputs. */
function pathsOf(link: string, outputs: readonly NamedOutput[]): Map<string, string> {
  return new Map(outputs.map(({ name, path }) => [name, join(link, path)]));
}

/** How a folder of outputs stands, and what was noted of it. */
interface Standing extends PlacedOutputs {
  readonly note: Note;
}

/** Whether nobody has changed anything in a folder of outputs since they were put there. */
function isUntouched(found: Standing | undefined): found is Standing {
  return found !== undefined && stampOf(found) === found.note.stamp;
}

/** The folders in which users find outputs: `latest/<pipeline>/<node>/<port>`, swapped as one; and the schema that editors read. */
export class LocalPublished implements Published {
  private readonly root: string;
  private readonly locks: string;
  private readonly store: string;
  private readonly artifacts: LocalArtifacts;
  private readonly links: Links;

  constructor(root: string, artifacts: LocalArtifacts, links: Links) {
    this.store = root;
    this.root = join(root, 'latest');
    this.locks = join(root, 'locks');
    this.artifacts = artifacts;
    this.links = links;
  }

  take(pipeline: string, signal: AbortSignal): Promise<Lock | undefined> {
    return lockFile(join(this.locks, `latest-${safeFileName(pipeline)}`), signal);
  }

  outputs(pipeline: string, outputs: NodeOutputs, nodes?: readonly string[]): PublishedOutputs {
    const link = this.linkOf(pipeline);
    const all = named(outputs);
    const paths = pathsOf(link, all);
    const digests = Object.fromEntries(all.map(({ path, digest }) => [path, digest]));
    const found = this.look(link);
    const nodesOfNow = new Set([...outputs.keys()].map(safeFileName));
    const old = this.folderOf(link);
    const had = old === undefined || !existsSync(old) ? [] : readdirSync(old);
    const known = new Set(nodes === undefined ? had : nodes.map(safeFileName));
    const stay = had.filter((name) => !nodesOfNow.has(name) && known.has(name));
    if (isUntouched(found) && had.every((name) => nodesOfNow.has(name) || known.has(name))) {
      const changed = this.changed(pipeline, all, found);
      if (changed !== undefined) return { paths, lost: [], standing: changed };
    }
    const stays = new Set(stay);
    const kept = Object.entries((old === undefined ? undefined : this.content(old))?.outputs ?? {}).filter(([inside]) =>
      stays.has(inside.split('/', 1)[0] ?? ''),
    );
    return { paths, ...this.swap({ pipeline, link, old, stay }, outputs, { ...Object.fromEntries(kept), ...digests }) };
  }

  change(pipeline: string, outputs: NodeOutputs, standing: string): PublishedOutputs | undefined {
    const link = this.linkOf(pipeline);
    const found = this.look(link);
    if (!isUntouched(found) || standingOf(found.folder, found.note.stamp) !== standing) return undefined;
    const all = named(outputs);
    const changed = this.changed(pipeline, all, found);
    return changed === undefined ? undefined : { paths: pathsOf(link, all), lost: [], standing: changed };
  }

  /** Looks at the folder of a pipeline's outputs; undefined where there is none, or one of them is gone. */
  private look(link: string): Standing | undefined {
    const folder = this.folderOf(link);
    const note = folder === undefined ? undefined : this.content(folder);
    const placed = folder === undefined || note === undefined ? undefined : lookAtOutputs(folder, Object.keys(note.outputs));
    return note && placed && { ...placed, note };
  }

  /** Swaps the one output that differs; returns how the folder stands then. Undefined: more differs, or it cannot be swapped alone. */
  private changed(pipeline: string, all: readonly NamedOutput[], { note, ...placed }: Standing): string | undefined {
    const { folder } = placed;
    const [output, more] = all.filter(({ path, digest }) => note.outputs[path] !== digest);
    if (output === undefined) return standingOf(folder, note.stamp);
    const { path, digest, artifact } = output;
    const isAlone = more === undefined && Object.hasOwn(note.outputs, path) && artifact.kind === 'file';
    if (!isAlone || !this.replaceFile(pipeline, artifact, join(folder, path))) return undefined;
    const swapped = swappedOutput(placed, path);
    if (swapped === undefined) return undefined;
    const stamp = stampOf(swapped);
    // Without a prototype: of many outputs that takes a fifth of the time.
    const outputs: Note['outputs'] = Object.assign(Object.create(null), note.outputs, { [path]: digest });
    writeSealedNote(`${folder}.json`, { outputs, stamp } satisfies Note, 'compact');
    return standingOf(folder, stamp);
  }

  where(pipeline: string, outputs: NodeOutputs): ReadonlyMap<string, string> {
    const link = this.linkOf(pipeline);
    const folder = this.folderOf(link);
    const held = folder === undefined ? undefined : this.content(folder)?.outputs;
    const here = named(outputs).filter(({ path, digest }) => held?.[path] === digest);
    return pathsOf(link, here);
  }

  private linkOf(pipeline: string): string {
    return join(this.root, safeFileName(pipeline));
  }

  /** The folder that the link of a pipeline leads to. */
  private folderOf(link: string): string | undefined {
    const isLink = lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() === true;
    return isLink ? join(this.root, readlinkSync(link)) : undefined;
  }

  /** Where a single file differs, one rename swaps it as the whole folder is swapped otherwise. False: it is damaged, or its place is none of a file. */
  private replaceFile(pipeline: string, artifact: Artifact, path: string): boolean {
    const fresh = join(this.root, freshName(pipeline));
    try {
      if (lstatSync(path).isDirectory() || this.artifacts.put(artifact, fresh) === undefined) return false;
      this.links.rename(fresh, path);
      return true;
    } finally {
      removeTree(fresh);
    }
  }

  /** `stay`: what is copied from the old folder. Returns what is lost; then nothing is swapped. */
  private swap(
    {
      pipeline,
      link,
      old,
      stay,
    }: { readonly pipeline: string; readonly link: string; readonly old: string | undefined; readonly stay: readonly string[] },
    outputs: NodeOutputs,
    digests: Readonly<Record<string, string>>,
  ): Omit<PublishedOutputs, 'paths'> {
    const name = freshName(pipeline);
    const fresh = join(this.root, name);
    let stamp: string;
    try {
      mkdirSync(fresh, { recursive: true });
      const { lost } = this.placeIn(fresh, outputs);
      if (lost.length > 0) {
        removeTree(fresh);
        return { lost, standing: '' };
      }
      for (const name of stay) cpSync(join(old ?? '', name), join(fresh, name), { recursive: true, mode: constants.COPYFILE_FICLONE });
      const placed = lookAtOutputs(fresh, Object.keys(digests));
      stamp = placed === undefined ? '' : stampOf(placed);
      writeSealedNote(`${fresh}.json`, { outputs: digests, stamp } satisfies Note, 'compact');
      symlinkSync(name, `${fresh}.link`);
      renameSync(`${fresh}.link`, link);
    } catch (error) {
      // What was begun takes space on a disk that may be full.
      for (const path of [fresh, `${fresh}.json`, `${fresh}.link`]) removeTree(path);
      throw error;
    }
    if (old !== undefined) {
      // The new folder has other links to most of what the old one has links to.
      this.links.unlink(fresh, old);
      removeTree(old);
      removeTree(`${old}.json`);
    }
    return { lost: [], standing: standingOf(fresh, stamp) };
  }

  private content(folder: string): Note | undefined {
    return readSealed(`${folder}.json`, isNote);
  }

  placeIn(folder: string, outputs: NodeOutputs): Placed {
    const all = named(outputs);
    const lost = new Set(this.artifacts.putAll(folder, all));
    return {
      paths: pathsOf(
        folder,
        all.filter((output) => !lost.has(output)),
      ),
      lost: [...lost].map(({ node, port }) => ({ node, port })),
    };
  }

  standing(pipeline: string): string {
    const found = this.look(this.linkOf(pipeline));
    return found === undefined ? '' : standingOf(found.folder, stampOf(found));
  }

  private schemaFile(kind: 'pipeline' | 'project'): string {
    return join(this.store, `${kind}.schema.json`);
  }

  schemaTime(): number {
    return lstatSync(this.schemaFile('pipeline'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  }

  writeSchema(kind: 'pipeline' | 'project', text: string, time?: number): void {
    const file = this.schemaFile(kind);
    ifPossible(() => {
      writeDurably(file, text);
      if (time !== undefined) utimesSync(file, time / 1000, time / 1000);
    });
  }
}

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { removeTree } from '../files/remove.ts';
import { networkOf } from '../model/declaration.ts';
import type { JsonObject } from '../model/json.ts';
import type { Input, Source } from '../model/pipeline.ts';
import type { JobProgram, JobSpecification } from '../model/job.ts';
import type { Content, Snapshot, Store } from '../model/store.ts';
import type { Workplace } from '../model/workplace.ts';
import { done, failed, type Outcome, type Problem } from '../model/problem.ts';
import type { Prepared } from './fingerprint.ts';
import { elementName } from './handed-over.ts';
import type { Known } from './inputs.ts';

/** An execution's folder with its inputs in place. */
export interface Workspace {
  readonly inputs: JobSpecification['inputs'];
  readonly outputs: JobSpecification['outputs'];
  readonly program: JobProgram;
  /** What must be as it is when the attempt has ended. */
  readonly given: readonly Given[];
}

/** Something that an attempt was given to read, and how it stood then. */
export interface Given {
  readonly port: string;
  readonly path: string;
  readonly stamp: string;
  /** What it is. */
  readonly content?: Content;
  /** Of an output: the node that it is of. */
  readonly from?: string;
  /** Of a source that is not kept: its name. */
  readonly source?: string;
}

/** Nodes whose outputs turned out to be missing or damaged when they were handed over, or while they were read. */
export interface Unfed {
  readonly unfed: readonly string[];
}

/** Where what an attempt is given comes from. */
interface Supplies {
  readonly known: Known;
  readonly keptSources: ReadonlySet<string>;
  readonly store: Store;
  readonly sources: Readonly<Record<string, Source>>;
  /** The project's folder. */
  readonly root: string;
}

/** Prepares a workplace: the inputs as read-only files, whose bytes are proven on the way, the bundle, folders for outputs. */
export function prepareWorkspace(
  prepared: Prepared,
  place: Workplace,
  { known, keptSources, store, sources, root }: Supplies,
): Outcome<Workspace> | Unfed {
  const { instance } = prepared;
  const isCommand = instance.work.kind === 'command';
  const base = join(place.folder, isCommand ? 'work' : 'in');
  // A command has no use for the folders of a stage.
  if (!isCommand) for (const name of ['in', 'out', 'code']) mkdirSync(join(place.folder, name));
  const given: Given[] = [];
  const outside: { path: string; kind: 'dir' | 'file' }[] = [];

  const unfed = new Set<string>();
  const problems: Problem[] = [];

  const put = (input: Input, index: number, path: string): string => {
    const element = input.elements[index];
    if (element === undefined) return path;
    const { port, at } = input;
    const { origin } = element;
    if (origin.kind === 'output') {
      const artifact = known.settled.get(origin.instance)?.attempt.outputs[origin.port];
      if (artifact === undefined) throw new Error(`${origin.instance}.${origin.port} is not settled`);
      const target = path + (at === undefined ? artifact.suffix : '');
      const stamp = store.artifacts.place(artifact, target);
      if (stamp === undefined) unfed.add(origin.instance);
      else given.push({ port, path: target, stamp, content: contentOf(artifact), from: origin.instance });
      return target;
    }
    const snapshot = known.snapshots.get(origin.source) as Snapshot;
    const source = sources[origin.source] as Source;
    const target = path + (at === undefined ? snapshot.suffix : '');
    if (keptSources.has(origin.source)) {
      const stamp = placeSource(source, snapshot, target, store);
      if (stamp === undefined) problems.push(lostSource(source, instance.name));
      else given.push({ port, path: target, stamp, content: contentOf(snapshot) });
      return target;
    }
    const stamp = store.artifacts.stamp(source.path);
    if (!isStill(source, snapshot, store)) problems.push(changedSource(origin.source, instance.name));
    given.push({ port, path: source.path, stamp, content: contentOf(snapshot), source: origin.source });
    outside.push({ path: source.path, kind: snapshot.kind });
    if (!isCommand) return source.path;
    mkdirSync(dirname(target), { recursive: true });
    symlinkSync(source.path, target);
    return target;
  };

  const code = prepared.commandCode;
  // Before the inputs: they may lie in folders of the code.
  if (code !== undefined && store.artifacts.place({ kind: 'dir', digest: code.files, size: code.size, suffix: '' }, base) === undefined)
    return failed(lostCode(instance.name));

  const shown = (path: string): string => (isCommand ? path.slice(base.length + 1) : path);
  const inputs: Record<string, JobSpecification['inputs'][string]> = {};
  for (const input of instance.inputs) {
    const path = join(base, input.at ?? input.port);
    if (!input.many) inputs[input.port] = shown(put(input, 0, path));
    else {
      const elements = input.elements.map(({ key }, index) => ({
        key: key as JsonObject,
        path: put(input, index, join(path, elementName(key, store.format) || basename(path))),
      }));
      inputs[input.port] = isCommand ? shown(path) : elements;
    }
  }
  if (problems.length > 0) return failed(...problems);
  if (unfed.size > 0) return { unfed: [...unfed] };
  const outputs = prepareOutputs(prepared, place, isCommand);
  const program = prepareProgram(prepared, place, { readable: outside, root }, store);
  if (!program.ok) return program;
  return done({ inputs, outputs, program: program.value, given });
}

function prepareOutputs({ instance }: Prepared, place: Workplace, isCommand: boolean): JobSpecification['outputs'] {
  const outputs: Record<string, { path: string; kind: 'dir' | 'file' }> = {};
  const base = join(place.folder, isCommand ? 'work' : 'out');
  for (const [port, { kind, suffix }] of Object.entries(instance.outputs)) {
    const inside = instance.work.kind === 'command' ? (instance.work.paths[port] ?? port) : `${port}${suffix}`;
    const path = join(base, inside);
    const folder = kind === 'dir' ? path : dirname(path);
    if (folder !== base) mkdirSync(folder, { recursive: true });
    outputs[port] = { path: isCommand ? inside : path, kind };
  }
  return outputs;
}

/** `readable`: paths outside the workplace that it may read, those of sources that are not kept. */
function prepareProgram(
  { instance, code, environment }: Prepared,
  place: Workplace,
  { readable, root }: { readonly readable: (JobProgram & { kind: 'stage' })['readable']; readonly root: string },
  store: Store,
): Outcome<JobProgram> {
  if (instance.work.kind === 'command') {
    const { run, metrics, confine, tools } = instance.work;
    const { numbers } = instance;
    const own = tools.flatMap((tool) => ('program' in tool && tool.program.includes('/') ? [resolve(root, tool.program)] : []));
    const shown = [...readable.map(({ path }) => path), ...(environment === undefined ? [] : [environment.folder]), ...own];
    return done({
      kind: 'command',
      run,
      ...(metrics === undefined ? {} : { metrics }),
      ...(numbers === undefined ? {} : { numbers }),
      ...(confine === undefined ? {} : { hidden: { folder: root, shown } }),
    });
  }
  const bytes = code === undefined ? undefined : store.artifacts.read(code.digest);
  if (code === undefined || bytes === undefined) {
    return failed({
      kind: 'store',
      code: 'missing-code',
      message: `the code bundle of ${instance.name} is not in the store`,
      hint: 'run again: it is bundled from the sources',
    });
  }
  const bundle = join(place.folder, 'code', 'stage.mjs');
  writeFileSync(bundle, bytes);
  const map = store.bundles.read(code.digest)?.map;
  const mapBytes = map === undefined ? undefined : store.artifacts.read(map);
  if (mapBytes !== undefined) {
    writeFileSync(`${bundle}.map`, mapBytes);
    writeFileSync(bundle, '\n//# sourceMappingURL=stage.mjs.map\n', { flag: 'a' });
  }
  // Node looks no higher for what kind of modules these are: a folder above may be one that the stage may not read.
  writeFileSync(join(place.folder, 'code', 'package.json'), '{ "type": "module" }\n');
  for (const [name, folder] of Object.entries(code.packageFolders)) {
    const link = join(place.folder, 'code', 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(folder, link);
  }
  const { folder, declaration } = instance.work;
  // A record does not tell of ports that were not connected: what its work reads is what it read then.
  const declared =
    folder === '' ? {} : { declared: { inputs: Object.keys(declaration.inputs), metrics: Object.keys(declaration.metrics) } };
  return done({ kind: 'stage', bundle, packages: code.packageFolders, readable, ...networkOf(declaration), ...declared });
}

function lostCode(node: string): Problem {
  return {
    kind: 'store',
    code: 'missing-code',
    message: `the code of ${node} is not in the store, or damaged there`,
    hint: 'run again: it is kept again from the project',
  };
}

function contentOf({ kind, digest, executable }: Content): Content {
  return { kind, digest, ...(executable === undefined ? {} : { executable }) };
}

/** Gives a kept source and says how it stands; where its kept bytes are lost, they are kept again from where it lies, if it is still the same there. */
function placeSource(source: Source, snapshot: Snapshot, path: string, { sources }: Store): string | undefined {
  const stamp = sources.place(snapshot, path);
  if (stamp !== undefined) return stamp;
  removeTree(path);
  const kept = sources.keep({ ...source, keep: true }, snapshot);
  return kept.ok && kept.value ? sources.place(snapshot, path) : undefined;
}

/** Whether a source still holds what it held when it was planned with. */
function isStill(source: Source, { digest }: Content, { sources, format }: Store): boolean {
  const now = sources.snapshot(source, format);
  return now.ok && now.value.digest === digest;
}

function lostSource({ name, path }: Source, node: string): Problem {
  return {
    kind: 'store',
    code: 'input-damaged',
    message: `the kept bytes of the source "${name}", which ${node} reads, are damaged, and ${path} no longer holds the same`,
    hint: 'what was damaged is in quarantine; run again to go on with the source as it is now',
  };
}

function changedSource(source: string, node: string): Problem {
  return {
    kind: 'stage',
    code: 'source-changed',
    message: `the source "${source}" changed before or while ${node} read it`,
    hint: 'nothing was recorded; run again when nobody writes to it',
  };
}

/**
 * Fails if anything that was given has been changed since: names the input's port, or the source. What stands otherwise is compared by its
 * bytes: a link's ctime moves with others that are given the same file. So is a link where not all changes show in how it stands.
 */
export function findChange(given: readonly Given[], node: string, store: Store): Outcome<undefined> | Unfed {
  const unfed: string[] = [];
  for (const { port, path, stamp, content, from, source } of given) {
    const now = store.artifacts.stamp(path);
    const stands = now === stamp;
    if (source !== undefined) {
      if (stands && (content === undefined || isStill({ name: source, path, links: 'follow' }, content, store))) continue;
      return failed(changedSource(source, node));
    }
    if (stands && (content === undefined || store.artifacts.proves(now))) continue;
    if (content !== undefined && store.artifacts.isAt(path, content)) continue;
    if (!stands || from === undefined)
      return failed({
        kind: 'stage',
        code: 'input-changed',
        message: `${node} wrote into its input "${port}"`,
        hint: `inputs are read-only: copy it first (cp "$${port}" copy), and change the copy`,
      });
    // Where it is the store's own copy that is wrong, it goes to quarantine.
    store.artifacts.broken({ [port]: content as Content }, true);
    unfed.push(from);
  }
  return unfed.length > 0 ? { unfed } : done(undefined);
}

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { networkOf } from '../model/declaration.ts';
import type { JsonObject } from '../model/json.ts';
import type { Input } from '../model/pipeline.ts';
import type { JobProgram, JobSpecification } from '../model/job.ts';
import type { Content, Snapshot, Store } from '../model/store.ts';
import type { Workplace } from '../model/workplace.ts';
import { done, failed, type Outcome } from '../model/problem.ts';
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
  /** Of what was placed from the store: what it is. */
  readonly content?: Content;
  /** Of a source that is not kept: its name. */
  readonly source?: string;
}

/** Where what an attempt is given comes from. */
interface Supplies {
  readonly known: Known;
  readonly keptSources: ReadonlySet<string>;
  readonly store: Store;
  readonly sources: Readonly<Record<string, { readonly path: string }>>;
}

/** Prepares a workplace: the inputs as read-only files, the bundle, folders for outputs. */
export function prepareWorkspace(
  prepared: Prepared,
  place: Workplace,
  { known, keptSources, store, sources }: Supplies,
): Outcome<Workspace> {
  const { instance } = prepared;
  const isCommand = instance.work.kind === 'command';
  const base = join(place.folder, isCommand ? 'work' : 'in');
  // A folder made costs a node as much as starting it: a command has no use for those of a stage.
  for (const name of ['work', 'home', 'tmp', ...(isCommand ? [] : ['in', 'out', 'code'])]) mkdirSync(join(place.folder, name));
  const given: Given[] = [];
  const outside: { path: string; kind: 'dir' | 'file' }[] = [];

  const put = (input: Input, index: number, path: string): string => {
    const element = input.elements[index];
    if (element === undefined) return path;
    const { origin } = element;
    if (origin.kind === 'output') {
      const artifact = known.settled.get(origin.instance)?.attempt.outputs[origin.port];
      if (artifact === undefined) throw new Error(`${origin.instance}.${origin.port} is not settled`);
      const target = path + (input.at === undefined ? artifact.suffix : '');
      store.artifacts.place(artifact, target);
      given.push({ port: input.port, path: target, stamp: store.artifacts.stamp(target), content: contentOf(artifact) });
      return target;
    }
    const snapshot = known.snapshots.get(origin.source) as Snapshot;
    const target = path + (input.at === undefined ? snapshot.suffix : '');
    if (keptSources.has(origin.source)) {
      store.sources.place(snapshot, target);
      given.push({ port: input.port, path: target, stamp: store.artifacts.stamp(target), content: contentOf(snapshot) });
      return target;
    }
    const real = sources[origin.source]?.path ?? '';
    given.push({ port: input.port, path: real, stamp: store.artifacts.stamp(real), source: origin.source });
    outside.push({ path: real, kind: snapshot.kind });
    if (!isCommand) return real;
    mkdirSync(dirname(target), { recursive: true });
    symlinkSync(real, target);
    return target;
  };

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
  const outputs = prepareOutputs(prepared, place, isCommand);
  const program = prepareProgram(prepared, place, outside, store);
  if (!program.ok) return program;
  return done({ inputs, outputs, program: program.value, given });
}

function prepareOutputs({ instance }: Prepared, place: Workplace, isCommand: boolean): JobSpecification['outputs'] {
  const outputs: Record<string, { path: string; kind: 'dir' | 'file' }> = {};
  for (const [port, { kind, suffix }] of Object.entries(instance.outputs)) {
    const inside = instance.work.kind === 'command' ? (instance.work.paths[port] ?? port) : `${port}${suffix}`;
    const path = join(place.folder, isCommand ? 'work' : 'out', inside);
    mkdirSync(kind === 'dir' ? path : dirname(path), { recursive: true });
    outputs[port] = { path: isCommand ? inside : path, kind };
  }
  return outputs;
}

/** `readable`: paths outside the workplace that a stage may read, those of sources that are not kept. */
function prepareProgram(
  { instance, code }: Prepared,
  place: Workplace,
  readable: (JobProgram & { kind: 'stage' })['readable'],
  store: Store,
): Outcome<JobProgram> {
  if (instance.work.kind === 'command') {
    const { run, metrics } = instance.work;
    return done({ kind: 'command', run, ...(metrics === undefined ? {} : { metrics }) });
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

function contentOf({ kind, digest, executable }: Content): Content {
  return { kind, digest, ...(executable === undefined ? {} : { executable }) };
}

/**
 * Fails if anything that was given has been changed since: names the input's port, or the source. What stands otherwise is compared by its
 * bytes: a large file is a link, whose ctime another node moves that is given the same one.
 */
export function findChange(given: readonly Given[], node: string, store: Store): Outcome<undefined> {
  for (const { port, path, stamp, content, source } of given) {
    if (store.artifacts.stamp(path) === stamp) continue;
    if (content !== undefined && store.artifacts.isAt(path, content)) continue;
    if (source === undefined)
      return failed({
        kind: 'stage',
        code: 'input-changed',
        message: `${node} wrote into its input "${port}"`,
        hint: 'inputs are read-only: copy what has to change into an output',
      });
    return failed({
      kind: 'stage',
      code: 'source-changed',
      message: `the source "${source}" changed while ${node} read it`,
      hint: 'nothing was recorded; run again when nobody writes to it',
    });
  }
  return done(undefined);
}

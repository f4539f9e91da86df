import { existsSync } from 'node:fs';
import type { CodeRequest } from '../code/bundler.ts';
import type { Glance } from '../code/readings.ts';
import type { Code } from '../code/stage-code.ts';
import { hashFile } from '../files/hash.ts';
import { digestOf, sha256 } from '../model/canonical.ts';
import type { Executor } from '../model/executor.ts';
import type { CommandCode, CommandEnvironment, Source, Tool } from '../model/pipeline.ts';
import type { Content } from '../model/store.ts';
import type { KnownEnvironments } from './environments.ts';
import type { Surroundings } from './fingerprint.ts';
import type { Plan } from './plan.ts';

/** What a plan looked up outside of its pipeline file, each with the digest of what was found: while all of it stands, the plan does. */
export interface Grounds {
  /** Declarations of stages by name. */
  readonly stages: readonly (readonly [stage: string, digest: string])[];
  /** What the chosen modules of stages say of their params. */
  readonly choices: readonly (readonly [file: string, digest: string])[];
  readonly code: readonly (readonly [request: CodeRequest, digest: string])[];
  readonly tools: readonly (readonly [tool: PlacedTool, digest: string])[];
  /** What the environments of commands held. */
  readonly environments: readonly (readonly [environment: CommandEnvironment, digest: string])[];
  /** The files that commands run. */
  readonly commandCode: readonly (readonly [code: PlacedCode, digest: string])[];
  /** Variables that nodes take from the environment; where they are secret, only whether they are set. */
  readonly variables: readonly (readonly [variable: Taken, digest: string])[];
  readonly sources: readonly (readonly [source: Source, digest: string])[];
  /** Files that the pipeline takes params from. */
  readonly params: readonly (readonly [file: string, digest: string])[];
  /** Where nodes are executed; null: where none is named. */
  readonly executors: readonly (readonly [name: string | null, digest: string])[];
}

/** A tool as a command finds it. */
interface PlacedTool {
  readonly tool: Tool;
  readonly environment?: CommandEnvironment;
}

/** The code of a command, and the environment whose Python takes it apart. */
interface PlacedCode {
  readonly code: CommandCode;
  readonly environment?: CommandEnvironment;
}

/** A variable as a node takes it: another may take the same one otherwise. */
interface Taken {
  readonly name: string;
  readonly secret: boolean;
}

function codeDigest({ digest, packages, packageFolders }: Code): string {
  return digestOf({ digest, packages, packageFolders });
}

function snapshotDigest({ kind, digest, executable }: Content): string {
  return digestOf({ kind, digest, executable: executable === true });
}

function variableDigest({ name, secret }: Taken, { environment }: Surroundings): string {
  const value = environment[name];
  return value === undefined ? '' : secret ? 'set' : sha256(value);
}

function executorDigest({ name, facts }: Executor): string {
  return digestOf({ name, facts });
}

async function executorNow(name: string | null, { executors }: Surroundings): Promise<string> {
  const executor = await executors.get(name ?? undefined);
  return executor.ok ? executorDigest(executor.value) : '';
}

// What looks at code is loaded where there is any to look at.

async function stageDigest(stage: string, { root, store }: Surroundings): Promise<string> {
  const { findStage } = await import('../code/declarations.ts');
  const found = await findStage(stage, root, store.cache);
  return found.ok ? digestOf({ folder: found.value.folder, declaration: found.value.declaration }) : '';
}

async function choiceDigest(file: string, { store }: Surroundings): Promise<string> {
  if (!existsSync(file)) return '';
  const { declaredDigest, readChoice } = await import('../code/choices.ts');
  const read = await readChoice(file, store.cache);
  return read.ok ? declaredDigest(read.value) : '';
}

async function toolNow({ tool, environment }: PlacedTool, surroundings: Surroundings, known: KnownEnvironments): Promise<string> {
  const [{ toolDigests }, { environmentOnce, toolPlaces }] = await Promise.all([import('./tools.ts'), import('./environments.ts')]);
  const around = environment === undefined ? undefined : await environmentOnce(environment, surroundings, known);
  if (around?.ok === false) return '';
  const found = toolDigests([tool], toolPlaces(surroundings, around?.value), new Map());
  return found.ok ? (Object.values(found.value)[0] ?? '') : '';
}

async function environmentDigest(environment: CommandEnvironment, surroundings: Surroundings, known: KnownEnvironments): Promise<string> {
  const { environmentOnce } = await import('./environments.ts');
  const found = await environmentOnce(environment, surroundings, known);
  return found.ok && found.value.pending === undefined ? digestOf(found.value.ingredient) : '';
}

async function commandCodeDigest({ code, environment }: PlacedCode, surroundings: Surroundings, known: KnownEnvironments): Promise<string> {
  const [{ codeNow }, { environmentOnce }] = await Promise.all([import('./command-code.ts'), import('./environments.ts')]);
  const around = environment === undefined ? undefined : await environmentOnce(environment, surroundings, known);
  if (around?.ok === false) return '';
  const found = await codeNow(code, around?.value, surroundings);
  return found.ok ? found.value.digest : '';
}

/** Values by their JSON: what is looked up, and digested, once however many nodes ask for it. */
class Lookups<Key> {
  private readonly found = new Map<string, readonly [Key, string]>();

  add(key: Key, digest: () => string): void {
    const text = JSON.stringify(key);
    if (!this.found.has(text)) this.found.set(text, [key, digest()]);
  }

  get pairs(): (readonly [Key, string])[] {
    return [...this.found.values()];
  }
}

/** What a plan looked up, as it found it then. */
export function groundsOf({ nodes, snapshots, request: { pipeline, surroundings } }: Plan): Grounds {
  const stages = new Lookups<string>();
  const choices = new Lookups<string>();
  const code = new Lookups<CodeRequest>();
  const tools = new Lookups<PlacedTool>();
  const environments = new Lookups<CommandEnvironment>();
  const commandCode = new Lookups<PlacedCode>();
  const variables = new Lookups<Taken>();
  const executors = new Lookups<string | null>();
  for (const { prepared } of nodes.values()) {
    const { instance, own, executor } = prepared;
    const { work, env } = instance;
    executors.add(instance.executor ?? null, () => executorDigest(executor));
    for (const { name, value, secret } of env)
      if (value === undefined) variables.add({ name, secret }, () => variableDigest({ name, secret }, surroundings));
    if (work.kind === 'stage') {
      const { folder, declaration, modules } = work;
      stages.add(work.stage, () => digestOf({ folder, declaration }));
      for (const { file, declared = '' } of Object.values(modules)) choices.add(file, () => declared);
      const request = { folder, entry: declaration.run, modules, root: surroundings.root };
      code.add(request, () => (prepared.code === undefined ? '' : codeDigest(prepared.code)));
    } else if (own.work.kind === 'command') {
      const digests = own.work.tools;
      const { environment } = work;
      const held = own.work.environment;
      const around = environment === undefined ? {} : { environment };
      if (work.code !== undefined) commandCode.add({ code: work.code, ...around }, () => prepared.commandCode?.digest ?? '');
      if (environment !== undefined) environments.add(environment, () => (held === undefined ? '' : digestOf(held)));
      for (const tool of work.tools) tools.add({ tool, ...around }, () => digests['program' in tool ? tool.program : tool.run] ?? '');
    }
  }
  return {
    stages: stages.pairs,
    choices: choices.pairs,
    code: code.pairs,
    tools: tools.pairs,
    environments: environments.pairs,
    commandCode: commandCode.pairs,
    variables: variables.pairs,
    sources: [...snapshots].flatMap(([name, snapshot]) => {
      const source = pipeline.sources[name];
      return source === undefined ? [] : [[source, snapshotDigest(snapshot)] as const];
    }),
    params: (pipeline.paramsFiles ?? []).map(({ path, digest }) => [path, digest] as const),
    executors: executors.pairs,
  };
}

/** All that two plans looked up. */
export function joinedGrounds(some: Grounds, others: Grounds): Grounds {
  const joined = <Key>(key: keyof Grounds): (readonly [Key, string])[] => {
    const all = [...others[key], ...some[key]] as (readonly [Key, string])[];
    return [...new Map(all.map((pair) => [JSON.stringify(pair[0]), pair])).values()];
  };
  return {
    stages: joined('stages'),
    choices: joined('choices'),
    code: joined('code'),
    tools: joined('tools'),
    environments: joined('environments'),
    commandCode: joined('commandCode'),
    variables: joined('variables'),
    sources: joined('sources'),
    params: joined('params'),
    executors: joined('executors'),
  };
}

async function codeNow(request: CodeRequest, { store, bundler }: Surroundings, glance: Glance): Promise<string> {
  const { stageCode } = await import('../code/stage-code.ts');
  const code = await stageCode(request, store, { bundler, glance });
  return code.ok ? codeDigest(code.value) : '';
}

/** Whether each lookup still finds what it found. */
async function stand<Key>(pairs: readonly (readonly [Key, string])[], digest: (key: Key) => string | Promise<string>): Promise<boolean> {
  for (const [key, before] of pairs) if (before === '' || (await digest(key)) !== before) return false;
  return true;
}

/** Whether a plan would find everything outside of its pipeline file as it was: looks for all of it again. */
export async function areStanding(grounds: Grounds, surroundings: Surroundings): Promise<boolean> {
  const { store } = surroundings;
  const known: KnownEnvironments = new Map();
  return (
    (await stand(grounds.params, (file) => (existsSync(file) ? hashFile(file) : ''))) &&
    (await stand(grounds.variables, (variable) => variableDigest(variable, surroundings))) &&
    (await stand(grounds.executors, (name) => executorNow(name, surroundings))) &&
    (await stand(grounds.tools, (tool) => toolNow(tool, surroundings, known))) &&
    (await stand(grounds.environments, (environment) => environmentDigest(environment, surroundings, known))) &&
    (await stand(grounds.commandCode, (code) => commandCodeDigest(code, surroundings, known))) &&
    (await stand(grounds.sources, (source) => {
      const now = store.sources.snapshot(source);
      return now.ok ? snapshotDigest(now.value) : '';
    })) &&
    (await stand(grounds.stages, (stage) => stageDigest(stage, surroundings))) &&
    (await stand(grounds.choices, (file) => choiceDigest(file, surroundings))) &&
    (await isCodeStanding(grounds.code, surroundings))
  );
}

async function isCodeStanding(code: Grounds['code'], surroundings: Surroundings): Promise<boolean> {
  if (code.length === 0) return true;
  const { Glance } = await import('../code/readings.ts');
  const glance = new Glance();
  return stand(code, (request) => codeNow(request, surroundings, glance));
}

import { isObject, parseJson } from '../files/json.ts';
import { canonicalJson, exactJson, sha256 } from '../model/canonical.ts';
import { namedFacts } from '../model/facts.ts';
import type { Artifact, Manifest } from '../model/artifact.ts';
import { dottedParams } from '../model/dotted.ts';
import type { Artifacts, Bundles, Sources } from '../model/store.ts';
import type { JsonObject } from '../model/json.ts';
import { type RecordedCode, sourcesOf } from '../model/pipeline.ts';
import { ATTRIBUTES_SINCE, type RecordedSource, type RunNode, type RunRecord } from '../model/run.ts';
import { commandText, heldBy } from './commands.ts';
import { isSameArtifact, type Reading } from './same-artifact.ts';
import { type TableChange, tableChange } from './table-change.ts';
import { type Files, keptFiles, outputFiles, textChanges } from './text-changes.ts';

/** Where the code of runs is read. */
export interface CodeStore {
  readonly artifacts: Pick<Artifacts, 'read' | 'manifest'>;
  readonly bundles: Pick<Bundles, 'read'>;
  readonly sources: Pick<Sources, 'manifest' | 'readFile'>;
}

/** One thing that two runs do not share. */
export interface RunChange {
  /** The node, or empty for the pipeline itself. */
  readonly node: string;
  readonly kind: 'node' | 'param' | 'source' | 'wiring' | 'setting' | 'output' | 'fact';
  readonly name: string;
  readonly from: string | null;
  readonly to: string | null;
}

/** A source file of stage code, a command, or a text among the sources, in two versions. */
export interface CodeChange {
  /** Nodes whose code holds it, or that read it. */
  readonly nodes: readonly string[];
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

/** A metric in two runs. */
export interface MetricChange {
  readonly node: string;
  readonly metric: string;
  readonly from: number | null;
  readonly to: number | null;
  readonly measured: boolean;
  /** Null where the metric says no direction, or its value is missing. */
  readonly better: boolean | null;
}

/** A file of an output that is a text, or a table, in two versions. */
export interface OutputChange {
  /** `node.port`, with the path of a file in a folder. */
  readonly name: string;
  readonly before: string;
  readonly after: string;
  /** Of a table the cells that differ. */
  readonly table?: TableChange;
}

/** Only what differs between two runs. */
export interface RunDifference {
  readonly changes: readonly RunChange[];
  readonly code: readonly CodeChange[];
  readonly outputs: readonly OutputChange[];
  readonly metrics: readonly MetricChange[];
}

function text(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  return typeof value === 'string' ? value : canonicalJson(value);
}

/** The members that differ, by name. */
function members(
  node: string,
  kind: RunChange['kind'],
  before: Readonly<Record<string, unknown>> = {},
  after: Readonly<Record<string, unknown>> = {},
): RunChange[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .map((name) => ({ node, kind, name, from: text(before[name]), to: text(after[name]) }))
    .filter(({ from, to }) => from !== to);
}

const outputText = ({ kind, digest, executable }: Artifact): string =>
  `${executable === true ? 'executable ' : ''}${kind} ${digest.slice(0, 12)}`;

/** What came out otherwise, measurements aside. */
function outputChanges(node: string, old: RunNode, now: RunNode, reading: Reading): RunChange[] {
  const [before, after] = [old.outputs ?? {}, now.outputs ?? {}];
  const texts = (outputs: NonNullable<RunNode['outputs']>): Record<string, string> =>
    Object.fromEntries(Object.entries(outputs).flatMap(([port, one]) => (one.measured ? [] : [[port, outputText(one)]])));
  return members(node, 'output', texts(before), texts(after)).filter(({ name }) => {
    const [a, b] = [before[name], after[name]];
    return a === undefined || b === undefined || !isSameArtifact(a, b, reading);
  });
}

/** The params that differ, by their dotted names; those that only order their keys otherwise as a whole. */
function paramChanges(node: string, before: JsonObject, after: JsonObject, { format }: Reading): RunChange[] {
  const reordered = Object.keys(after).flatMap((name): RunChange[] => {
    const [a, b] = [before[name], after[name]];
    if (a === undefined || b === undefined || canonicalJson(a) !== canonicalJson(b) || exactJson(a) === exactJson(b)) return [];
    return [{ node, kind: 'param', name, from: exactJson(a), to: exactJson(b) }];
  });
  return [...members(node, 'param', dottedParams(before), dottedParams(after)), ...(format < ATTRIBUTES_SINCE ? [] : reordered)];
}

/** The sources that were read otherwise: other bytes, or only another suffix or executable bit. */
function sourceChanges(before: RunRecord['sources'], after: RunRecord['sources'], reading: Reading): RunChange[] {
  const asArtifact = ({ kind = 'file', digest, size = 0, suffix = '', executable }: RecordedSource): Artifact => ({
    kind,
    digest,
    size,
    suffix,
    ...(executable === undefined ? {} : { executable }),
  });
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name): RunChange[] => {
    const [old, now] = [before[name], after[name]];
    const change = (write: (source: RecordedSource) => string): RunChange[] => [
      { node: '', kind: 'source', name, from: old === undefined ? null : write(old), to: now === undefined ? null : write(now) },
    ];
    if (old === undefined || now === undefined) return change(({ digest }) => digest.slice(0, 12));
    if (isSameArtifact(asArtifact(old), asArtifact(now), reading))
      return old.suffix === now.suffix ? [] : change(({ suffix }) => `suffix ${suffix || 'none'}`);
    return change(({ digest, executable }) => `${executable === true ? 'executable ' : ''}${digest.slice(0, 12)}`);
  });
}

/** How a node's inputs are wired, without their contents. */
function wiring({ recipe }: RunNode): Record<string, string> {
  const inputs = recipe?.inputs ?? [];
  return Object.fromEntries(
    inputs.map(({ port, elements }) => [
      port,
      elements
        .map(({ origin }) => (origin.kind === 'source' ? `$sources.${origin.source}` : `${origin.instance}.${origin.port}`))
        .join(', '),
    ]),
  );
}

function settings({ recipe }: RunNode): Record<string, unknown> {
  if (recipe === undefined) return {};
  const tools = recipe.work.kind === 'command' ? recipe.work.toolDigests : {};
  const packages = recipe.work.kind === 'stage' ? recipe.work.packages : {};
  return {
    cpu: recipe.resources.cpu,
    gpu: recipe.resources.gpu,
    ...Object.fromEntries(recipe.env.map(({ name, value, secret }) => [`variable ${name}`, secret ? 'secret' : value])),
    ...Object.fromEntries(Object.entries(tools).map(([name, digest]) => [`tool ${name}`, digest.slice(0, 12)])),
    ...heldBy(recipe),
    ...Object.fromEntries(
      Object.entries(packages).map(([name, { version, integrity }]) => [`package ${name}`, `${version} (${integrity.slice(0, 12)})`]),
    ),
  };
}

/** What a record tells of a node's code. */
export type WithCode = Pick<RunNode, 'code' | 'recipe'>;

/** What differs between two recorded runs: what was asked, with the code's sources, and what came out. */
export function compareRecords(before: RunRecord, after: RunRecord, store: CodeStore): RunDifference {
  const manifest = (digest: string): Manifest | undefined => store.artifacts.manifest(digest);
  const reading: Reading = { format: Math.min(before.format, after.format), manifest };
  const changes = [
    ...(before.pipeline === after.pipeline ? [] : members('', 'setting', { pipeline: before.pipeline }, { pipeline: after.pipeline })),
    ...paramChanges('', before.params, after.params, reading),
    ...sourceChanges(before.sources, after.sources, reading),
  ];
  const metrics: MetricChange[] = [];
  const code = new Map<string, CodeChange>();
  const outputs: OutputChange[] = [];
  for (const name of new Set([...Object.keys(before.nodes), ...Object.keys(after.nodes)])) {
    const [old, now] = [before.nodes[name], after.nodes[name]];
    if (old === undefined || now === undefined) {
      changes.push({ node: name, kind: 'node', name, from: old?.stage ?? null, to: now?.stage ?? null });
      continue;
    }
    changes.push(
      ...members(name, 'setting', { stage: old.stage }, { stage: now.stage }),
      ...paramChanges(name, old.params, now.params, reading),
      ...members(name, 'wiring', wiring(old), wiring(now)),
      ...members(name, 'setting', settings(old), settings(now)),
      ...outputChanges(name, old, now, reading),
    );
    for (const change of codeChanges(old, now, store)) {
      const key = `${change.name}\n${change.before}\n${change.after}`;
      code.set(key, { ...change, nodes: [...(code.get(key)?.nodes ?? []), name] });
    }
    metrics.push(...metricChanges(name, old, now));
    outputs.push(...outputTexts(name, old, now, store));
  }
  changes.push(...members('', 'fact', namedFacts(before.facts), namedFacts(after.facts)));
  return { changes, code: [...code.values(), ...sourceTexts(before, after, store)], outputs, metrics };
}

/** The texts among the sources that both runs kept and read otherwise, with the nodes that read them. */
function sourceTexts(before: RunRecord, after: RunRecord, { sources }: CodeStore): CodeChange[] {
  return Object.entries(after.sources).flatMap(([name, now]): CodeChange[] => {
    const old = before.sources[name];
    if (old === undefined || old.digest === now.digest) return [];
    const readers = Object.entries(after.nodes).flatMap(([node, { recipe }]) =>
      recipe !== undefined && sourcesOf([recipe]).includes(name) ? [node] : [],
    );
    const path = now.path ?? name;
    return textChanges(keptFiles(sources, old.digest), keptFiles(sources, now.digest)).map((change) => ({
      nodes: readers,
      name: change.path === '' ? path : `${path}/${change.path}`,
      before: change.before,
      after: change.after,
    }));
  });
}

/** Texts that nobody reads as such. */
const LOOKED_AT = /\.(?:svg|html?)$/i;

/** The texts among what came out otherwise, measurements aside. */
function outputTexts(node: string, old: RunNode, now: RunNode, { artifacts }: CodeStore): OutputChange[] {
  return Object.entries(now.outputs ?? {}).flatMap(([port, after]): OutputChange[] => {
    const before = old.outputs?.[port];
    if (before === undefined || before.digest === after.digest || after.measured) return [];
    const changed = textChanges(outputFiles(artifacts, before), outputFiles(artifacts, after));
    return changed.flatMap((change) => {
      if (LOOKED_AT.test(change.path === '' ? after.suffix : change.path)) return [];
      const name = `${node}.${port}${change.path === '' ? '' : `/${change.path}`}`;
      const table = tableChange(change.before, change.after, change.path === '' ? after.suffix : change.path);
      return [{ name, before: change.before, after: change.after, ...(table === undefined ? {} : { table }) }];
    });
  });
}

function metricChanges(node: string, old: RunNode, now: RunNode): MetricChange[] {
  return [...new Set([...Object.keys(old.metrics ?? {}), ...Object.keys(now.metrics ?? {})])]
    .map((metric) => {
      const from = old.metrics?.[metric]?.value ?? null;
      const to = now.metrics?.[metric]?.value ?? null;
      const goal = (now.recipe ?? old.recipe)?.metrics[metric]?.goal;
      const measured = (now.metrics?.[metric] ?? old.metrics?.[metric])?.measured === true;
      const better = goal === undefined || from === null || to === null ? null : goal === 'maximize' ? to > from : to < from;
      return { node, metric, from, to, measured, better };
    })
    .filter(({ from, to }) => from !== to);
}

/** What of a node’s code two runs do not share: the sources of its stage, or the text of its command (`run`). */
export function codeChanges(old: WithCode, now: WithCode, store: Pick<CodeStore, 'artifacts' | 'bundles'>): Omit<CodeChange, 'nodes'>[] {
  const [before, after] = [old.recipe?.work, now.recipe?.work];
  if (before?.kind === 'command' && after?.kind === 'command') {
    const [from, to] = [commandText(before.run), commandText(after.run)];
    const command = from === to ? [] : [{ name: 'run', before: from, after: to }];
    return [...command, ...filesOfCommands(before.code?.recorded, after.code?.recorded, store)];
  }
  if (old.code === now.code || old.code === undefined || now.code === undefined) return [];
  const [from, to] = [sourcesOfBundle(old.code, store), sourcesOfBundle(now.code, store)];
  return [...new Set([...from.keys(), ...to.keys()])]
    .sort()
    .filter((name) => from.get(name) !== to.get(name))
    .map((name) => ({ name, before: from.get(name) ?? '', after: to.get(name) ?? '' }));
}

type Counts = Readonly<Record<string, unknown>>;

/** What counts of each file that a command runs, by path; empty where that is lost. */
function countsOfCode(digest: string | undefined, artifacts: Pick<Artifacts, 'read'>): Counts {
  const bytes = digest === undefined ? undefined : artifacts.read(digest);
  return (bytes === undefined ? undefined : parseJson(Buffer.from(bytes).toString('utf8'), isObject)) ?? {};
}

/** The texts that two commands ran otherwise. */
function filesOfCommands(
  before: RecordedCode | undefined,
  after: RecordedCode | undefined,
  { artifacts }: Pick<CodeStore, 'artifacts'>,
): Omit<CodeChange, 'nodes'>[] {
  // Comments and layout alone are no change.
  if (before === undefined || after === undefined || before.digest === after.digest) return [];
  const filesOf = ({ files, size }: RecordedCode): Files => outputFiles(artifacts, { kind: 'dir', digest: files, size, suffix: '' });
  const [old, now] = [before, after].map(({ digest }) => countsOfCode(digest, artifacts)) as [Counts, Counts];
  const changes = textChanges(filesOf(before), filesOf(after)).filter(({ path }) => old[path] !== now[path]);
  return changes.map(({ path, before: from, after: to }) => ({ name: path, before: from, after: to }));
}

/** The source files of a bundle by their shown paths: their texts stand in its source map, and are told by their digests. */
function sourcesOfBundle(code: string, store: Pick<CodeStore, 'artifacts' | 'bundles'>): ReadonlyMap<string, string> {
  const bundle = store.bundles.read(code);
  const bytes = bundle === undefined ? undefined : store.artifacts.read(bundle.map);
  const sources = new Map<string, string>();
  if (bundle === undefined || bytes === undefined) return sources;
  const { sourcesContent = [] } = JSON.parse(Buffer.from(bytes).toString('utf8')) as { sourcesContent?: (string | null)[] };
  const texts = new Map(sourcesContent.flatMap((content) => (content === null ? [] : [[sha256(content), content] as const])));
  for (const [name, digest] of Object.entries(bundle.files)) sources.set(name, texts.get(digest) ?? `(${digest.slice(0, 12)})`);
  return sources;
}

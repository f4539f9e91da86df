import { runHash } from '../../src/model/run-hash.ts';
import { RECORD_FORMAT, type RunNode, type RunRecord } from '../../src/model/run.ts';
import { rowOf } from '../../src/model/run-row.ts';
import type { Runs, Tags } from '../../src/model/store.ts';

/** What a test says of a node; all else is as usual. */
export interface NodeGiven extends Partial<Omit<RunNode, 'metrics' | 'outputs' | 'recipe' | 'inputs'>> {
  readonly metrics?: Readonly<Record<string, number>>;
  /** Metrics that are measurements. */
  readonly measured?: readonly string[];
  readonly goals?: Readonly<Record<string, 'maximize' | 'minimize'>>;
  readonly tolerances?: Readonly<Record<string, number>>;
  /** Digests by port. */
  readonly outputs?: Readonly<Record<string, string>>;
  readonly kind?: 'dir' | 'file';
  /** `node.port`, or the name of a source, by port. */
  readonly from?: Readonly<Record<string, string>>;
  readonly command?: string;
}

export interface RecordGiven extends Partial<Omit<RunRecord, 'nodes'>> {
  readonly nodes?: Readonly<Record<string, NodeGiven>>;
}

function nodeOf(name: string, given: NodeGiven): RunNode {
  const { metrics = {}, measured = [], goals = {}, tolerances = {}, outputs = {}, kind = 'file', from = {}, command, ...rest } = given;
  const inputs = Object.entries(from).map(([port, origin]) => {
    const [instance = '', out] = origin.split('.');
    const told = out === undefined ? { kind: 'source' as const, source: origin } : { kind: 'output' as const, instance, port: out };
    return { port, many: false, elements: [{ key: {}, origin: told }] };
  });
  return {
    state: 'executed',
    stage: command === undefined ? name : 'command',
    cause: 'it has not run before',
    params: {},
    seconds: 1,
    metrics: Object.fromEntries(Object.entries(metrics).map(([metric, value]) => [metric, { value, measured: measured.includes(metric) }])),
    outputs: Object.fromEntries(
      Object.entries(outputs).map(([port, digest]) => [port, { kind, digest, size: 10, suffix: '', measured: false }]),
    ),
    recipe: {
      node: name.split('[', 1)[0] ?? name,
      key: {},
      work:
        command === undefined ? { kind: 'stage', packages: {} } : { kind: 'command', run: command, tools: [], toolDigests: {}, paths: {} },
      inputs,
      outputs: {},
      metrics: Object.fromEntries(
        Object.keys(metrics).map((metric) => [
          metric,
          {
            ...(goals[metric] === undefined ? {} : { goal: goals[metric] }),
            ...(tolerances[metric] === undefined ? {} : { tolerance: tolerances[metric] }),
          },
        ]),
      ),
      resources: { cpu: 1, gpu: 0, memory: 0 },
      env: [],
      measures: false,
      retries: 0,
    },
    ...rest,
  } as unknown as RunNode;
}

/** The record of a done run, but for what is given. */
export function recordOf(id: string, { nodes = {}, ...given }: RecordGiven = {}): RunRecord {
  const all = Object.fromEntries(Object.entries(nodes).map(([name, node]) => [name, nodeOf(name, node)]));
  return {
    format: RECORD_FORMAT,
    id,
    state: 'done',
    hash: runHash(all),
    pipeline: 'p',
    file: 'p.yaml',
    started: '2026-01-01T00:00:00.000Z',
    ended: '2026-01-01T00:00:09.000Z',
    params: {},
    set: [],
    sources: {},
    nodes: all,
    facts: {},
    ...given,
  };
}

/** The ports that questions to records use, over records in memory, the newest first. */
export function storeOf(records: readonly RunRecord[], tags: Readonly<Record<string, string>> = {}): { runs: Runs; tags: Tags } {
  const runs = {
    ids: () => records.map(({ id }) => id),
    read: (id: string) => records.find((record) => record.id === id),
    rows: () => records.map(rowOf),
  };
  const book = { read: (name: string) => tags[name], all: () => Object.entries(tags).map(([name, run]) => ({ name, run })) };
  return { runs: runs as unknown as Runs, tags: book as unknown as Tags };
}

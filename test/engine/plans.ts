import { digestOf } from '../../src/model/canonical.ts';
import type { Instance } from '../../src/model/pipeline.ts';
import type { Attempt } from '../../src/model/result.ts';
import type { Prepared } from '../../src/engine/fingerprint.ts';
import { History } from '../../src/engine/history.ts';
import type { NodePlan, Plan } from '../../src/engine/plan.ts';
import type { Executor } from '../../src/model/executor.ts';
import type { Store } from '../../src/model/store.ts';
import { only } from '../executors/fake.ts';

/** What differs from a small node of one thread without inputs. */
interface NodeOptions extends Partial<Omit<Instance, 'inputs' | 'resources'>> {
  /** The nodes whose output `out` it takes. */
  readonly after?: readonly string[];
  readonly cpu?: number;
  readonly gpu?: number;
}

/** A command node that writes one file. */
export function instanceOf(name: string, { after = [], cpu = 1, gpu = 0, ...more }: NodeOptions = {}): Instance {
  return {
    node: name,
    key: {},
    name,
    work: { kind: 'command', run: `make ${name}`, tools: [], paths: { out: 'out.txt' } },
    params: {},
    inputs: after.map((from) => ({
      port: from,
      many: false,
      elements: [{ key: {}, origin: { kind: 'output', instance: from, port: 'out' } }],
    })),
    outputs: { out: { kind: 'file', suffix: '.txt', measured: false } },
    metrics: {},
    resources: { cpu, gpu, memory: 0 },
    env: [],
    measures: false,
    retries: 0,
    ...more,
  };
}

/** A stage that writes one file; its code is given by whoever prepares it. */
export function stageWith(name: string, options: NodeOptions = {}): Instance {
  const declaration = { about: '', run: './run.ts', params: {}, inputs: {}, outputs: {}, metrics: {}, resources: { cpu: 1, gpu: 0 } };
  return { ...instanceOf(name, options), work: { kind: 'stage', stage: name, folder: `/stages/${name}`, declaration, modules: {} } };
}

/** An executor of which only the facts count: nothing is executed here. */
export const executor = {
  name: 'fake',
  facts: { platform: 'here', machine: {}, engines: {} },
  capacity: { cpu: 2, gpu: 0, memory: 100 },
} as unknown as Executor;

function preparedOf(instance: Instance): Prepared {
  const own: Prepared['own'] = {
    format: 2,
    stageApi: 1,
    work: { kind: 'command', run: instance.work.kind === 'command' ? instance.work.run : '', tools: {}, at: {}, metrics: null },
    params: instance.params,
    outputs: { out: 'file out.txt' },
    env: {},
    cpu: instance.resources.cpu,
    platform: null,
    engines: {},
    machine: null,
  };
  return { instance, executor, code: undefined, own };
}

/** An attempt whose output has these bytes. */
export function attemptOf(node: string, bytes = node): Attempt {
  return {
    outputs: { out: { kind: 'file', digest: digestOf(bytes), size: bytes.length, suffix: '.txt' } },
    metrics: {},
    run: 'run-1',
    node,
    seconds: 1,
    facts: {},
  };
}

/** How a plan of instances differs from one in which all of them run. */
interface PlanOptions {
  readonly reused?: readonly string[];
  /** Nodes whose inputs decide whether they run. */
  readonly undecided?: readonly string[];
  readonly forced?: readonly string[];
}

/** A plan made by hand: no store and no code is behind it. */
export function planOf(instances: readonly Instance[], { reused = [], undecided = [], forced = [] }: PlanOptions = {}): Plan {
  const store = { runs: { all: () => [] } } as unknown as Store;
  const nodes = instances.map((instance): [string, NodePlan] => {
    const { name } = instance;
    const isReused = reused.includes(name);
    const isUndecided = undecided.includes(name);
    return [
      name,
      {
        prepared: preparedOf(instance),
        action: isReused ? 'reuse' : isUndecided ? 'maybe' : 'run',
        cause: isReused ? 'nothing that counts has changed' : isUndecided ? 'waits' : 'it has not run before',
        ...(isUndecided ? { waits: true as const } : {}),
        differences: [],
        settled: isReused ? { instance, fingerprint: digestOf(name), attempt: attemptOf(name) } : undefined,
      },
    ];
  });
  const surroundings = { root: '/', store, engines: [], executors: only(executor), environment: {} };
  const pipeline = { name: 'demo', file: '/demo.yaml', root: '/', params: {}, sources: {}, instances, show: [] };
  return {
    request: { pipeline, surroundings, forced: new Set(forced), only: undefined },
    executor,
    nodes: new Map(nodes),
    snapshots: new Map(),
    history: new History(store, 'demo'),
  };
}

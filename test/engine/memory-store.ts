import { explainRun } from '../../src/engine/explain.ts';
import type { Surroundings } from '../../src/engine/fingerprint.ts';
import { RecordFold } from '../../src/model/record-fold.ts';
import type { NodeEnd } from '../../src/engine/node.ts';
import { openingNodes } from '../../src/engine/recorded-node.ts';
import { makePlan, type Plan, plannedNodes } from '../../src/engine/plan.ts';
import { schedule } from '../../src/engine/schedule.ts';
import type { ReadyNode } from '../../src/engine/scheduling.ts';
import { Slots } from '../../src/engine/slots.ts';
import { digestOf } from '../../src/model/canonical.ts';
import { workDigestOf } from '../../src/model/fingerprint.ts';
import { type Action, broadcast } from '../../src/model/event.ts';
import { type Instance, type Pipeline, sourcesOf } from '../../src/model/pipeline.ts';
import { done, failed, type Outcome } from '../../src/model/problem.ts';
import type { StoredResult } from '../../src/model/result.ts';
import { RECORD_FORMAT, type RunRecord } from '../../src/model/run.ts';
import type { BundleRecord, Store } from '../../src/model/store.ts';
import { only } from '../executors/fake.ts';
import { attemptOf, executor } from './plans.ts';

/** What a plan is asked for. */
interface Asked {
  readonly force?: readonly string[];
  readonly remeasure?: boolean;
  readonly only?: readonly string[];
}

/** How nodes end in a run in memory. */
interface Run extends Asked {
  readonly failing?: readonly string[];
}

/**
 * A project without files and processes: what planning and explaining ask of a store, and runs whose nodes end at once. A node gives its
 * param `writes`, or else its name and what it took.
 */
export class MemoryProject {
  /** The contents of sources by path. */
  readonly files = new Map<string, string>();
  readonly results = new Map<string, StoredResult>();
  readonly bundles = new Map<string, BundleRecord>();
  /** Digests of content that is damaged. */
  readonly damaged = new Set<string>();
  readonly records: RunRecord[] = [];
  environment: Surroundings['environment'] = { PATH: '' };
  private readonly works = new Map<string, Set<string>>();
  private runs = 0;

  /** The ports that planning uses; asking for another is a mistake in the test. */
  readonly store = {
    artifacts: {
      broken: (outputs: StoredResult['attempts'][0]['outputs']) =>
        Object.entries(outputs).flatMap(([port, { digest }]) => (this.damaged.has(digest) ? [{ port, damage: 'damaged' as const }] : [])),
    },
    results: {
      read: (fingerprint: string) => this.results.get(fingerprint),
      attempt: (fingerprint: string) => this.results.get(fingerprint)?.attempts[0],
      ofWork: (work: string) => [...(this.works.get(work) ?? [])].flatMap((fingerprint) => this.results.get(fingerprint) ?? []),
      keep: (result: StoredResult, work: string) => {
        this.results.set(result.fingerprint, result);
        this.works.set(work, (this.works.get(work) ?? new Set()).add(result.fingerprint));
      },
    },
    bundles: { read: (digest: string) => this.bundles.get(digest) },
    sources: {
      snapshot: ({ path }: { readonly path: string }) => {
        const content = this.files.get(path);
        return content === undefined
          ? failed({ kind: 'pipeline', code: 'missing-source', message: `${path} does not exist` })
          : done({ kind: 'file', digest: digestOf(content), size: content.length, suffix: '.txt' });
      },
      kept: () => undefined,
    },
    runs: { all: (pipeline?: string) => this.records.filter((record) => pipeline === undefined || record.pipeline === pipeline) },
  } as unknown as Store;

  get surroundings(): Surroundings {
    return { root: '/', store: this.store, engines: [], executors: only(executor), environment: this.environment };
  }

  plan(instances: readonly Instance[], { force = [], remeasure = false, only: wanted }: Asked = {}): Promise<Outcome<Plan>> {
    const sources = Object.fromEntries(sourcesOf(instances).map((path) => [path, { name: path, path }]));
    const pipeline: Pipeline = { name: 'demo', file: '/demo.yaml', root: '/', params: {}, sources, instances, show: [] };
    return makePlan({
      pipeline,
      surroundings: this.surroundings,
      forced: new Set(force),
      remeasure,
      only: wanted === undefined ? undefined : new Set(wanted),
    });
  }

  /** Runs instances; returns their states by name. */
  async run(instances: readonly Instance[], options: Run = {}): Promise<Record<string, string>> {
    const planned = await this.plan(instances, options);
    if (!planned.ok) throw new Error(planned.problems[0]?.message);
    const record = await this.runPlan(planned.value, options.failing);
    return Object.fromEntries(Object.entries(record.nodes).map(([name, { state }]) => [name, state]));
  }

  /** Runs a plan and keeps its record. */
  async runPlan(plan: Plan, failing: readonly string[] = []): Promise<RunRecord> {
    this.runs += 1;
    const run = `run-${this.runs}`;
    const fold = new RecordFold();
    const emit = broadcast([{ report: (event) => void fold.add(event) }]);
    const opening = openingNodes(plan);
    const head = {
      format: RECORD_FORMAT,
      id: run,
      state: 'live',
      pipeline: 'demo',
      file: 'demo.yaml',
      params: {},
      set: [],
      sources: {},
    } as const;
    emit({
      type: 'run-started',
      run,
      pipeline: 'demo',
      nodes: plannedNodes(plan),
      record: { ...head, nodes: Object.fromEntries(opening), facts: {} },
    });
    const { problems } = await schedule(plan, {
      slots: new Slots({ name: executor.name, capacity: { cpu: 2, gpu: 0, memory: 100 } }),
      keepGoing: true,
      stop: new AbortController().signal,
      emit,
      find: (fingerprint) => {
        const attempt = this.results.get(fingerprint)?.attempts[0];
        return attempt !== undefined && this.store.artifacts.broken(attempt.outputs).length === 0 ? attempt : undefined;
      },
      execute: async (ready) => this.execute(ready, failing),
      explain: ({ prepared }, inputs, { settled }) =>
        explainRun(prepared, inputs, { store: this.store, history: plan.history, settled }).cause,
      opening,
      logOf: (node) => ({ log: `logs/${node}` }),
    });
    emit({ type: 'run-ended', run, state: problems.length === 0 ? 'done' : 'failed' });
    const { record } = fold;
    if (record === undefined) throw new Error('the run has not started');
    this.records.unshift(record);
    return record;
  }

  private execute(ready: ReadyNode, failing: readonly string[]): NodeEnd {
    const { ingredients, fingerprint } = ready;
    const { instance, own } = ready.plan.prepared;
    if (failing.includes(instance.name)) {
      const problem = { kind: 'stage', code: 'exit-code', message: `${instance.name} failed` } as const;
      return { state: 'failed', problem, fingerprint };
    }
    const writes = instance.params['writes'] ?? [instance.name, ingredients.inputs];
    const attempt = attemptOf(instance.name, typeof writes === 'string' ? writes : JSON.stringify(writes));
    const earlier = this.results.get(fingerprint)?.attempts ?? [];
    const result = { format: 1, fingerprint, stage: 'command', ingredients, attempts: [attempt, ...earlier] as const };
    void this.store.results.keep(result, workDigestOf(own));
    return { state: 'executed', settled: { instance, fingerprint, attempt } };
  }
}

type Told = Readonly<Record<string, readonly [Action, string]>>;

/** What a plan says of each node. */
export async function told(project: MemoryProject, ...[instances, options]: Parameters<MemoryProject['plan']>): Promise<Told> {
  const plan = await project.plan(instances, options);
  if (!plan.ok) throw new Error(plan.problems[0]?.message);
  return Object.fromEntries([...plan.value.nodes].map(([name, { action, cause }]) => [name, [action, cause]]));
}

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { RecordFold } from '../../src/model/record-fold.ts';
import { makePlan } from '../../src/engine/plan.ts';
import { type RunEnd, type RunRequest, runPlan } from '../../src/engine/run.ts';
import { Slots } from '../../src/engine/slots.ts';
import type { Event } from '../../src/model/event.ts';
import type { Instance } from '../../src/model/pipeline.ts';
import type { RunRecord } from '../../src/model/run.ts';
import type { Results } from '../../src/model/store.ts';
import { openLocalStore } from '../../src/stores/local/store.ts';
import { FakeExecutor, type FakeOptions, only, type Script } from '../executors/fake.ts';
import { emptyFolder } from '../folders.ts';
import { instanceOf } from './plans.ts';

/** Writes the node's name: what a node does that is not scripted otherwise. */
const plain: Script = ({ specification, write }) => {
  write('out', specification.node);
  return {};
};

/** A project of its own: a real store, and an executor without processes. */
class Project {
  readonly folder = emptyFolder();
  store = this.open();
  readonly executor: FakeExecutor;
  readonly events: Event[] = [];
  readonly asked = new AbortController();
  private runs = 0;

  constructor(scripts: Readonly<Record<string, Script>> = {}, options: FakeOptions = {}) {
    this.executor = new FakeExecutor((attempt) => (scripts[attempt.specification.node] ?? plain)(attempt), options);
  }

  private open() {
    const store = openLocalStore(join(this.folder, 'artifacts'));
    if (!store.ok) throw new Error(store.problems[0]?.message);
    return store.value;
  }

  async run(instances: readonly Instance[], options: Partial<RunRequest> = {}): Promise<RunEnd> {
    const sources = { images: { name: 'images', path: join(this.folder, 'images') } };
    const pipeline = { name: 'demo', file: '/demo.yaml', root: this.folder, params: {}, sources, instances, show: [] };
    const surroundings = { root: this.folder, store: this.store, engines: [], executors: only(this.executor), environment: { PATH: '' } };
    const plan = await makePlan({ pipeline, surroundings, forced: new Set(), only: undefined });
    if (!plan.ok) throw new Error(plan.problems[0]?.message);
    this.runs += 1;
    return runPlan(plan.value, {
      id: `run-${this.runs}`,
      shownFile: 'demo.yaml',
      set: ['a=1'],
      capacity: this.executor.capacity,
      keepGoing: false,
      watchers: [{ report: (event) => void this.events.push(event) }],
      stop: { asked: this.asked.signal, forced: new AbortController().signal },
      ...options,
    });
  }

  /** How often a node was tried. */
  tries(node: string): number {
    return this.executor.jobs.filter((job) => job.node === node).length;
  }

  notices(): string[] {
    return this.events.flatMap((event) => (event.type === 'notice' ? [event.message] : []));
  }

  /** What was told of nodes that wait. */
  waits(): string[] {
    return this.events.flatMap((event) => (event.type === 'node-waiting' ? [event.message] : []));
  }
}

const states = ({ nodes }: RunRecord): Record<string, string> =>
  Object.fromEntries(Object.entries(nodes).map(([name, { state }]) => [name, state]));

describe('a run', () => {
  test('keeps a record, publishes what came out, and reuses it the next time', async () => {
    const project = new Project();
    const instances = [instanceOf('a'), instanceOf('b', { after: ['a'] })];
    const first = await project.run(instances);
    expect(first.problems).toEqual([]);
    expect(first.record).toMatchObject({ id: 'run-1', state: 'done', pipeline: 'demo', file: 'demo.yaml', set: ['a=1'] });
    expect(first.record.facts).toEqual(project.executor.facts);
    expect([...first.outputs.keys()]).toEqual(['a.out', 'b.out']);
    expect(project.store.runs.read('run-1')).toEqual(first.record);
    const again = await project.run(instances);
    expect(states(again.record)).toEqual({ a: 'reused', b: 'reused' });
    expect(again.record.hash).toBe(first.record.hash);
    expect(project.executor.jobs).toHaveLength(2);
  });

  test('tells all who watch the same, and its record is what they were told', async () => {
    const project = new Project();
    const fold = new RecordFold();
    const others: Event[] = [];
    const watchers = [{ report: (event: Event) => void fold.add(event) }, { report: (event: Event) => void others.push(event) }];
    const { record } = await project.run([instanceOf('a')], { watchers });
    expect(others.map(({ type }) => type)).toEqual(['run-started', 'sources-kept', 'node-started', 'node-ended', 'run-ended']);
    expect(fold.record).toEqual(record);
    expect([record.started, record.ended]).toEqual([others[0]?.time, others.at(-1)?.time]);
  });

  test('has a live record from the start, which says what runs', async () => {
    let seen: RunRecord | undefined;
    const project: Project = new Project({
      b: (attempt) => {
        seen = project.store.runs.read('run-1');
        return plain(attempt);
      },
    });
    await project.run([instanceOf('a'), instanceOf('b')]);
    expect(seen).toMatchObject({ state: 'live', nodes: { a: { cause: 'it has not run before' }, b: {} } });
    expect(seen).not.toHaveProperty('ended');
  });

  test('names the sources that it kept', async () => {
    const project = new Project();
    mkdirSync(join(project.folder, 'images'));
    writeFileSync(join(project.folder, 'images/cat.txt'), 'cat');
    const inputs: Instance['inputs'] = [
      { port: 'images', many: false, elements: [{ key: {}, origin: { kind: 'source', source: 'images' } }] },
    ];
    const { record } = await project.run([{ ...instanceOf('a'), inputs }]);
    expect(record.sources).toMatchObject({ images: { kept: true, path: 'images', kind: 'dir' } });
    expect(project.store.sources.kept(record.sources['images']?.digest ?? '')).toBeDefined();
  });
});

describe('a node that fails', () => {
  const failingFirst =
    (times: number): Script =>
    (attempt) =>
      attempt.before < times ? { fails: `failed for the ${attempt.before + 1}. time` } : plain(attempt);

  test('is tried as often as it may be, each attempt in a folder of its own', async () => {
    const project = new Project({ a: failingFirst(2) });
    const { record } = await project.run([instanceOf('a', { retries: 2 })]);
    expect(states(record)).toEqual({ a: 'executed' });
    expect(new Set(project.executor.jobs.map(({ folder }) => folder)).size).toBe(3);
    expect(project.notices()).toEqual([
      'a failed for the 1. time; trying again (2 left)',
      'a failed for the 2. time; trying again (1 left)',
    ]);
  });

  test('fails in the end, and what is downstream of it is skipped', async () => {
    const project = new Project({ a: failingFirst(9) });
    const { record, problems, outputs } = await project.run([instanceOf('a', { retries: 1 }), instanceOf('b', { after: ['a'] })]);
    expect(project.tries('a')).toBe(2);
    expect(states(record)).toEqual({ a: 'failed', b: 'skipped' });
    expect(record).not.toHaveProperty('hash');
    expect(problems).toMatchObject([{ code: 'exit-code', message: 'a failed for the 2. time' }]);
    expect(outputs.size).toBe(0);
  });

  test('that ended without its output is named', async () => {
    const project = new Project({ a: () => ({}) });
    const { problems } = await project.run([instanceOf('a')]);
    expect(problems).toMatchObject([{ code: 'missing-output' }]);
  });
});

describe('a run that is stopped', () => {
  test('asks what runs to end, starts nothing more, and tells the reason if it is a text', async () => {
    const project: Project = new Project({
      a: async ({ wait }) => {
        project.asked.abort('enough');
        await wait();
        return {};
      },
    });
    const { record, problems } = await project.run([instanceOf('a'), instanceOf('b', { after: ['a'] })]);
    expect(problems).toEqual([]);
    expect(record.state).toBe('cancelled');
    expect(states(record)).toEqual({ a: 'cancelled', b: 'skipped' });
    expect(project.notices()).toEqual(['enough']);
  });

  test('may have many nodes that listen for it, and Node warns of no leak', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `n${index}`);
    const together: Script = async (attempt) => {
      while (project.executor.jobs.length < names.length) await attempt.wait(1);
      return plain(attempt);
    };
    const project: Project = new Project(Object.fromEntries(names.map((name) => [name, together])), { capacity: { cpu: names.length } });
    const warnings: string[] = [];
    const onWarning = ({ name }: Error): void => void warnings.push(name);
    process.on('warning', onWarning);
    await project.run(names.map((name) => instanceOf(name)));
    await new Promise(setImmediate);
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });

  test('by a signal without a text says nothing of it', async () => {
    const project = new Project();
    project.asked.abort();
    expect((await project.run([instanceOf('a')])).record.state).toBe('cancelled');
    expect(project.notices()).toEqual([]);
  });
});

describe('a run whose results are still being sent to remotes', () => {
  test('says that it waits for that, and ends when they have arrived', async () => {
    const project: Project = new Project({ a: plain });
    const { results } = project.store;
    const sent = async (): Promise<void> => {
      while (project.notices().length === 0) await sleep(5);
    };
    project.store = { ...project.store, results: Object.create(results, { shared: { value: sent } }) as Results };
    expect((await project.run([instanceOf('a')])).record.state).toBe('done');
    expect(project.notices()).toEqual(['waits until its results are sent to the remotes']);
  });
});

describe('two runs at once', () => {
  test('publish the outputs of a pipeline one after the other, and say so', async () => {
    const project = new Project();
    const other = await project.store.published.take('demo', new AbortController().signal);
    const running = project.run([instanceOf('a')]);
    while (project.notices().length === 0) await sleep(5);
    expect(project.notices()).toEqual(['waits until another run of the pipeline has published its outputs']);
    other?.release();
    const { record, outputs } = await running;
    expect(record.state).toBe('done');
    expect([...outputs.keys()]).toEqual(['a.out']);
  });

  test('in other processes do the same work once: the second waits for the first and reuses', async () => {
    const project: Project = new Project({
      a: async (attempt) => {
        while (project.waits().length === 0) await attempt.wait(5);
        return plain(attempt);
      },
    });
    const runs = await Promise.all([project.run([instanceOf('a')]), project.run([instanceOf('a')])]);
    expect(project.tries('a')).toBe(1);
    expect(runs.map(({ record }) => record.nodes['a']?.state).sort()).toEqual(['executed', 'reused']);
    expect(project.waits()).toEqual([
      expect.stringMatching(/^waits for a of the run run-[12] \(.*\), which has executed the same work for \d+ s$/),
    ]);
  });

  test('keep a node alone that measures', async () => {
    let running = 0;
    const beside: number[] = [];
    const script: Script = async (attempt) => {
      running += 1;
      await attempt.wait(5);
      if (attempt.specification.node === 'speed') beside.push(running);
      running -= 1;
      return plain(attempt);
    };
    const project = new Project({ a: script, b: script, c: script, speed: script });
    const names = ['a', 'b', 'speed', 'c'];
    const { record } = await project.run(names.map((name) => ({ ...instanceOf(name), measures: name === 'speed' })));
    expect(Object.values(record.nodes).map(({ state }) => state)).toEqual(names.map(() => 'executed'));
    expect(beside).toEqual([1]);
  });

  test('in one process share their slots', async () => {
    let [running, most] = [0, 0];
    const counted: Script = async (attempt) => {
      running += 1;
      most = Math.max(most, running);
      await attempt.wait(10);
      running -= 1;
      return plain(attempt);
    };
    const project = new Project({ a: counted, b: counted, c: counted });
    const capacity = new Slots({ name: project.executor.name, capacity: { cpu: 1, gpu: 0, memory: 2 ** 30 } });
    await Promise.all([project.run([instanceOf('a'), instanceOf('b')], { capacity }), project.run([instanceOf('c')], { capacity })]);
    expect(most).toBe(1);
    expect(project.executor.jobs).toHaveLength(3);
  });
});

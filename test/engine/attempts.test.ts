import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { makePlan } from '../../src/engine/plan.ts';
import { type RunEnd, runPlan } from '../../src/engine/run.ts';
import type { Event } from '../../src/model/event.ts';
import type { Instance } from '../../src/model/pipeline.ts';
import type { Outcome } from '../../src/model/problem.ts';
import type { Claim, Lock } from '../../src/model/workplace.ts';
import type { Store } from '../../src/model/store.ts';
import { openLocalStore } from '../../src/stores/local/store.ts';
import { type FakeEnd, FakeExecutor, only, type World } from '../executors/fake.ts';
import { emptyFolder } from '../folders.ts';
import { instanceOf } from './plans.ts';

function unwrap<Value>(outcome: Outcome<Value>): Value {
  if (!outcome.ok) throw new Error(outcome.problems[0]?.message);
  return outcome.value;
}

const newStore = (): Store => unwrap(openLocalStore(join(emptyFolder(), 'artifacts')));

interface Ran {
  readonly end: RunEnd;
  readonly events: readonly Event[];
}

/** Runs a pipeline of these nodes by an executor. */
async function run(id: string, store: Store, executor: FakeExecutor, instances: readonly Instance[], forced: string[] = []): Promise<Ran> {
  const pipeline = { name: 'demo', file: '/demo.yaml', root: '/', params: {}, sources: {}, instances, show: [] };
  const surroundings = { root: '/', store, engines: [], executors: only(executor), environment: { PATH: '/bin', TOKEN: 'secret' } };
  const plan = unwrap(await makePlan({ pipeline, surroundings, forced: new Set(forced), only: undefined }));
  const events: Event[] = [];
  const never = new AbortController().signal;
  const end = await runPlan(plan, {
    id,
    shownFile: 'demo.yaml',
    set: [],
    capacity: executor.capacity,
    keepGoing: false,
    watchers: [{ report: (event) => void events.push(event) }],
    stop: { asked: never, forced: never },
  });
  return { end, events };
}

describe('an attempt that is lost', () => {
  test('fails its node', async () => {
    const { end } = await run('run-1', newStore(), new FakeExecutor(() => 'lost'), [instanceOf('node')]);
    expect(end.problems).toMatchObject([{ kind: 'stage', code: 'lost' }]);
  });

  test('is tried again as often as the node may be', async () => {
    const executor = new FakeExecutor(({ before, write }) => {
      if (before < 2) return 'lost';
      write('out', 'at last');
      return {};
    });
    const { end, events } = await run('run-1', newStore(), executor, [instanceOf('node', { retries: 2 })]);
    expect(end.record.nodes['node']?.state).toBe('executed');
    expect(executor.jobs).toHaveLength(3);
    expect(new Set(executor.jobs.map(({ attempt }) => attempt)).size).toBe(3);
    expect(events.filter(({ type }) => type === 'notice')).toHaveLength(2);
  });
});

describe('a node that its place interrupts', () => {
  const ROUNDS = 25;

  test('is begun anew as long as it saves something new', async () => {
    const executor = new FakeExecutor(({ before, specification, write }): FakeEnd => {
      mkdirSync(join(specification.checkpoints, `complete-${before}`), { recursive: true });
      if (before < ROUNDS) return { fails: 'was preempted', code: 'interrupted' };
      write('out', 'at last');
      return {};
    });
    const { end } = await run('run-1', newStore(), executor, [instanceOf('node')]);
    expect(end.record.nodes['node']?.state).toBe('executed');
    expect(executor.jobs).toHaveLength(ROUNDS + 1);
  });

  test('fails in the end where it saves nothing', async () => {
    const executor = new FakeExecutor(() => ({ fails: 'was preempted', code: 'interrupted' }));
    const { end } = await run('run-1', newStore(), executor, [instanceOf('node')]);
    expect(end.problems).toMatchObject([{ code: 'interrupted' }]);
    expect(executor.jobs.length).toBeLessThan(ROUNDS);
  });
});

describe('an attempt whose coordinator was killed', () => {
  /** A store whose locks are let go as those of a process that is killed. */
  function mortal(store: Store): { readonly store: Store; readonly kill: () => void } {
    const held: (Claim | Lock)[] = [];
    const { workplaces } = store;
    return {
      store: Object.create(store, {
        workplaces: {
          value: {
            make: workplaces.make.bind(workplaces),
            checkpoints: workplaces.checkpoints.bind(workplaces),
            async claim(...args: Parameters<typeof workplaces.claim>) {
              const claim = (await workplaces.claim(...args)) as Claim;
              held.push(claim);
              const lock: Claim['lock'] = async (signal) => {
                const taken = (await claim.lock(signal)) as Lock;
                held.push(taken);
                return taken;
              };
              return { ...claim, lock };
            },
          },
        },
      }) as Store,
      kill: () => {
        for (const one of held) one.release();
      },
    };
  }

  /** A run that was killed while its only node was executed; `release` lets that end. */
  async function killed(): Promise<{ store: Store; next: FakeExecutor; first: FakeExecutor; release: () => void }> {
    const store = newStore();
    const world: World = new Map();
    let isReleased = false;
    const script: ConstructorParameters<typeof FakeExecutor>[0] = async ({ log, write, wait, signal, before }) => {
      log(`begun ${before}`);
      while (!isReleased && !signal.aborted) await wait(1);
      write('out', 'made once');
      return { metrics: { score: 1 } };
    };
    const first = new FakeExecutor(script, { world });
    const { store: dying, kill } = mortal(store);
    void run('run-1', dying, first, [instanceOf('node')]);
    while (first.jobs.length === 0) await sleep(1);
    await sleep(5);
    first.crash();
    kill();
    const release = (): void => {
      isReleased = true;
    };
    return { store, first, next: new FakeExecutor(script, { world }), release };
  }

  test('is taken over by the next run, which tells what it has told from the beginning', async () => {
    const { store, next, release } = await killed();
    const running = run('run-2', store, next, [instanceOf('node')]);
    await sleep(20);
    release();
    const { end, events } = await running;
    expect(end.record.nodes['node']).toMatchObject({ state: 'executed', metrics: { score: { value: 1 } } });
    expect(next.jobs).toEqual([]);
    const told = events.filter((event) => 'node' in event && event.node === 'node');
    expect(told.map((event) => (event.type === 'notice' ? event.message : event.type))).toEqual([
      'node-started',
      'goes on with what the run run-1 had started',
      'node-log',
      'node-ended',
    ]);
    const again = await run('run-3', store, next, [instanceOf('node')]);
    expect(again.end.record.nodes['node']?.state).toBe('reused');
  });

  /** A run that was killed when it had taken the outputs of its only node into the store, at once or as it was about to keep the result. */
  async function killedAfterwards(script: ConstructorParameters<typeof FakeExecutor>[0], moment: 'collect' | 'keep' = 'collect') {
    const store = newStore();
    const world: World = new Map();
    const [scratch, aside] = [join(store.location, 'scratch'), emptyFolder()];
    const die = (): never => {
      cpSync(scratch, aside, { recursive: true });
      throw new Error('killed');
    };
    const collect = (...args: Parameters<Store['artifacts']['collect']>): never => {
      unwrap(store.artifacts.collect(...args));
      return die();
    };
    const dying = Object.create(
      store,
      moment === 'collect'
        ? { artifacts: { value: Object.create(store.artifacts, { collect: { value: collect } }) } }
        : { results: { value: Object.create(store.results, { keep: { value: async () => die() } }) } },
    ) as Store;
    await expect(run('run-1', dying, new FakeExecutor(script, { world }), [instanceOf('node')])).rejects.toThrow('killed');
    cpSync(aside, scratch, { recursive: true });
    return { store, scratch, next: new FakeExecutor(script, { world }) };
  }

  const LARGE = 'whole '.repeat(100_000);

  test.each([
    ['small', 'whole'],
    ['large', LARGE],
  ])('is taken over where that coordinator had begun to take its outputs away: %s', async (_, text) => {
    const { store, scratch, next } = await killedAfterwards(({ write }) => {
      write('out', text);
      return {};
    });
    const { end } = await run('run-2', store, next, [instanceOf('node')]);
    expect(end.record.nodes['node']).toMatchObject({ state: 'executed', outputs: { out: { size: text.length } } });
    expect(next.jobs).toEqual([]);
    expect(readdirSync(scratch)).toEqual([]);
  });

  test('is taken over where that coordinator had not kept its result yet', async () => {
    const script: ConstructorParameters<typeof FakeExecutor>[0] = ({ write }) => {
      write('out', LARGE);
      return {};
    };
    const { store, scratch, next } = await killedAfterwards(script, 'keep');
    const { end } = await run('run-2', store, next, [instanceOf('node')]);
    expect(end.record.nodes['node']?.state).toBe('executed');
    expect(next.jobs).toEqual([]);
    expect(readdirSync(scratch)).toEqual([]);
  });

  test('is begun anew where of its outputs something is lost that had been taken away', async () => {
    const { store, scratch, next } = await killedAfterwards(({ write }) => {
      write('out', LARGE);
      return {};
    });
    rmSync(join(store.location, 'blobs'), { recursive: true });
    const { end } = await run('run-2', store, next, [instanceOf('node')]);
    expect(end.record.nodes['node']?.state).toBe('executed');
    expect(next.jobs).toHaveLength(1);
    expect(readdirSync(scratch)).toEqual([]);
  });

  test('fails its node at once where its executor cannot be asked any more, however often it may be tried', async () => {
    const { store, release } = await killed();
    const other = new FakeExecutor(() => ({}), { name: 'other' });
    const { end, events } = await run('run-2', store, other, [instanceOf('node', { retries: 2 })]);
    expect(end.problems).toMatchObject([{ code: 'unknown-executor' }]);
    expect(events.filter(({ type }) => type === 'notice')).toEqual([]);
    expect(other.jobs).toEqual([]);
    release();
  });

  test('is ended where the node is forced or asks for something else by now', async () => {
    const { store, first, next, release } = await killed();
    const running = run('run-2', store, next, [instanceOf('node')], ['node']);
    while (next.jobs.length === 0) await sleep(1);
    release();
    expect((await running).end.record.nodes['node']?.state).toBe('executed');
    expect(next.jobs).toHaveLength(1);
    expect(next.jobs[0]?.attempt).not.toBe(first.jobs[0]?.attempt);
  });
});

test('secrets are named in the specification and handed over apart', async () => {
  const seen: unknown[] = [];
  const executor = new FakeExecutor(({ specification, secrets, write }) => {
    seen.push({ env: specification.env, named: specification.secrets, secrets });
    expect(JSON.stringify(specification)).not.toContain('"secret"');
    write('out', 'made');
    return {};
  });
  await run('run-1', newStore(), executor, [instanceOf('node', { env: [{ name: 'TOKEN', secret: true }] })]);
  expect(seen).toEqual([{ env: { PATH: '/bin' }, named: ['TOKEN'], secrets: { TOKEN: 'secret' } }]);
});

test('what another process made of a node meanwhile stays beside what it makes itself, also where it is forced', async () => {
  const folder = join(emptyFolder(), 'artifacts');
  const [ours, theirs] = [openLocalStore(folder), openLocalStore(folder)].map(unwrap) as [Store, Store];
  const nodes = [instanceOf('first'), instanceOf('second', { after: ['first'] })];
  const writing = (text: string, meanwhile?: () => Promise<unknown>): FakeExecutor =>
    new FakeExecutor(async ({ specification, write }) => {
      if (specification.node === 'first') await meanwhile?.();
      write('out', specification.node === 'first' ? 'the same' : text);
      return {};
    });
  await run('run-1', ours, writing('one'), nodes);
  const meanwhile = (): Promise<Ran> => run('run-3', theirs, writing('three'), nodes, ['second']);
  const { end } = await run('run-2', ours, writing('two', meanwhile), nodes, ['first', 'second']);
  const fingerprint = end.record.nodes['second']?.fingerprint ?? '';
  expect(ours.results.read(fingerprint)?.attempts.map((attempt) => attempt.run)).toEqual(['run-2', 'run-3', 'run-1']);
});

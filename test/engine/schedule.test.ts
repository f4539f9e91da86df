import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { NodeEnd } from '../../src/engine/node.ts';
import type { Plan } from '../../src/engine/plan.ts';
import { schedule } from '../../src/engine/schedule.ts';
import type { ReadyNode, ScheduleEnd, Scheduling } from '../../src/engine/scheduling.ts';
import { Slots } from '../../src/engine/slots.ts';
import { broadcast, type Event } from '../../src/model/event.ts';
import type { Problem } from '../../src/model/problem.ts';
import type { Attempt } from '../../src/model/result.ts';
import { executor, attemptOf, instanceOf, planOf } from './plans.ts';

/** An execution that goes on until the test ends it. */
interface Execution {
  readonly name: string;
  readonly ready: ReadyNode;
  end(end?: NodeEnd | Error): Promise<void>;
}

/** Lets everything that is due happen. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const broken = (name: string, kind: Problem['kind'] = 'stage'): Problem => ({ kind, code: 'exit-code', message: `${name} failed` });

const failure = (ready: ReadyNode, kind?: Problem['kind']): NodeEnd => ({
  state: 'failed',
  problem: broken(ready.plan.prepared.instance.name, kind),
  fingerprint: ready.fingerprint,
});

/** A run without a store and without processes: the test decides when and how each node ends. */
class DrivenRun {
  readonly executions: Execution[] = [];
  readonly events: Event[] = [];
  readonly results = new Map<string, Attempt>();
  readonly asked = new AbortController();
  readonly end: Promise<ScheduleEnd>;

  constructor(plan: Plan, options: Partial<Scheduling> = {}) {
    this.end = schedule(plan, {
      slots: new Slots({ name: executor.name, capacity: { cpu: 2, gpu: 1, memory: 100 } }),
      keepGoing: false,
      stop: this.asked.signal,
      emit: broadcast([{ report: (event) => void this.events.push(event) }]),
      find: (fingerprint) => this.results.get(fingerprint),
      execute: (ready) => this.execute(ready),
      explain: (_, inputs) => `explained by ${Object.keys(inputs).join()}`,
      logOf: (node) => `logs/${node}.log`,
      ...options,
    });
  }

  private execute(ready: ReadyNode): Promise<NodeEnd> {
    const { instance } = ready.plan.prepared;
    return new Promise((resolve, reject) => {
      ready.onStart();
      const end = async (how?: NodeEnd | Error): Promise<void> => {
        const settled = { instance, fingerprint: ready.fingerprint, attempt: attemptOf(instance.name) };
        if (how instanceof Error) reject(how);
        else resolve(how ?? { state: 'executed', settled });
        await settle();
      };
      this.executions.push({ name: instance.name, ready, end });
    });
  }

  /** The nodes that are being executed, in the order in which they started. */
  get names(): string[] {
    return this.executions.map(({ name }) => name);
  }

  get(name: string): Execution {
    const found = this.executions.findLast((one) => one.name === name);
    if (found === undefined) throw new Error(`${name} was not started; started are ${this.names.join()}`);
    return found;
  }

  /** Ends all that runs, and all that starts then, until nothing is left. */
  async finish(): Promise<ScheduleEnd> {
    for (let next = 0; next < this.executions.length; next += 1) await this.executions[next]?.end();
    return this.end;
  }
}

function states({ outcomes }: ScheduleEnd): Record<string, string> {
  return Object.fromEntries([...outcomes].map(([name, { state }]) => [name, state]));
}

describe('a node starts', () => {
  test('when those that it takes inputs from have come out, with their contents', async () => {
    const run = new DrivenRun(planOf([instanceOf('a'), instanceOf('b'), instanceOf('c', { after: ['a', 'b'] })]));
    expect(run.names).toEqual(['a', 'b']);
    await run.get('b').end();
    expect(run.names).toEqual(['a', 'b']);
    await run.get('a').end();
    expect(run.names).toEqual(['a', 'b', 'c']);
    const { inputs } = run.get('c').ready.ingredients;
    expect(inputs['a']?.elements[0]?.content).toBe(attemptOf('a').outputs['out']?.digest);
    expect(states(await run.finish())).toEqual({ a: 'executed', b: 'executed', c: 'executed' });
  });

  test('at once where all before it is reused, and nothing starts for what is', async () => {
    const run = new DrivenRun(
      planOf([instanceOf('a'), instanceOf('b', { after: ['a'] }), instanceOf('c', { after: ['b'] })], { reused: ['a', 'b'] }),
    );
    expect(run.names).toEqual(['c']);
    expect(states(await run.finish())).toEqual({ a: 'reused', b: 'reused', c: 'executed' });
  });

  test('within the threads that there are', async () => {
    const run = new DrivenRun(planOf([instanceOf('a', { cpu: 2 }), instanceOf('b'), instanceOf('c'), instanceOf('d')]));
    expect(run.names).toEqual(['a']);
    await run.get('a').end();
    expect(run.names).toEqual(['a', 'b', 'c']);
    await run.get('c').end();
    expect(run.names).toEqual(['a', 'b', 'c', 'd']);
    await run.finish();
  });

  test('alone where it asks for more than there is, which is said once', async () => {
    const run = new DrivenRun(planOf([instanceOf('a'), instanceOf('large', { gpu: 2 }), instanceOf('b', { after: ['a'] })]));
    expect(run.names).toEqual(['a']);
    await run.get('a').end();
    expect(run.names).toEqual(['a', 'large']);
    await run.get('large').end();
    expect(run.names).toEqual(['a', 'large', 'b']);
    await run.finish();
    expect(run.events.filter(({ type }) => type === 'notice')).toMatchObject([{ node: 'large', level: 'warning' }]);
  });

  test('beside others where it measures: the executor lets it wait until it has the machine, and meanwhile they go on', async () => {
    const run = new DrivenRun(planOf(['speed', 'a', 'b', 'c'].map((name) => instanceOf(name, { measures: name === 'speed' }))));
    expect(run.names).toEqual(['speed', 'a', 'b']);
    await run.get('a').end();
    expect(run.names).toEqual(['speed', 'a', 'b', 'c']);
    await run.finish();
  });
});

describe('a node is reused', () => {
  test('whose inputs came out as before, without being executed', async () => {
    const plan = planOf([instanceOf('a'), instanceOf('b', { after: ['a'] })], { undecided: ['b'] });
    const first = new DrivenRun(plan);
    await first.get('a').end();
    const { fingerprint } = first.get('b').ready;
    await first.finish();
    const again = new DrivenRun(plan);
    again.results.set(fingerprint, attemptOf('b'));
    await again.get('a').end();
    const { outcomes } = await again.end;
    expect(again.names).toEqual(['a']);
    expect(outcomes.get('b')).toMatchObject({ state: 'reused', cause: 'its inputs came out as before, so its result holds' });
  });

  test('which another process has executed by the time its lock is taken', async () => {
    const run = new DrivenRun(planOf([instanceOf('a')]));
    const { ready, end } = run.get('a');
    await end({ state: 'reused', settled: { instance: instanceOf('a'), fingerprint: ready.fingerprint, attempt: attemptOf('a') } });
    const { outcomes } = await run.end;
    expect(outcomes.get('a')).toMatchObject({ state: 'reused', cause: 'another run has done the same work meanwhile' });
    expect(outcomes.get('a')).not.toHaveProperty('log');
  });

  test('unless it is forced', async () => {
    const plan = planOf([instanceOf('a')], { forced: ['a'] });
    const first = new DrivenRun(plan);
    const again = new DrivenRun(plan);
    again.results.set(first.get('a').ready.fingerprint, attemptOf('a'));
    expect(again.get('a').ready.isForced).toBe(true);
    await first.finish();
    await again.finish();
  });
});

describe('a failed node', () => {
  const plan = planOf([instanceOf('a'), instanceOf('b'), instanceOf('c', { after: ['a'] }), instanceOf('d', { after: ['b'] })]);

  test('starts nothing more; what runs beside it is kept', async () => {
    const run = new DrivenRun(plan);
    await run.get('a').end(failure(run.get('a').ready));
    await run.get('b').end();
    const end = await run.end;
    expect(states(end)).toEqual({ a: 'failed', b: 'executed', c: 'skipped', d: 'skipped' });
    expect(end.problems).toEqual([broken('a')]);
    expect([...end.settled.keys()]).toEqual(['b']);
    expect(end.outcomes.get('a')).toMatchObject({ error: { code: 'exit-code', message: 'a failed' }, log: 'logs/a.log' });
    expect(end.outcomes.get('c')?.cause).toBe('a node before it failed');
  });

  test('with keep-going skips only what is downstream of it', async () => {
    const run = new DrivenRun(plan, { keepGoing: true });
    await run.get('a').end(failure(run.get('a').ready));
    expect(states(await run.finish())).toEqual({ a: 'failed', b: 'executed', c: 'skipped', d: 'executed' });
  });

  test('is tried once by runs that share slots; a full disk is not held against the work', async () => {
    const slots = new Slots({ name: executor.name, capacity: { cpu: 2, gpu: 0, memory: 100 } });
    const one = planOf([instanceOf('a')]);
    const runs = [new DrivenRun(one, { slots }), new DrivenRun(one, { slots })] as const;
    expect(runs.map(({ names }) => names)).toEqual([['a'], []]);
    await runs[0].get('a').end(failure(runs[0].get('a').ready));
    expect((await runs[1].end).problems).toEqual([broken('a')]);
    expect(runs[1].names).toEqual([]);

    const other = planOf([instanceOf('b')]);
    const first = new DrivenRun(other, { slots });
    await first.get('b').end(failure(first.get('b').ready, 'store'));
    expect(new DrivenRun(other, { slots }).names).toEqual(['b']);
  });

  test('a bug in the executor ends the run with it', async () => {
    const run = new DrivenRun(planOf([instanceOf('a')]));
    const end = expect(run.end).rejects.toThrow('a bug');
    await run.get('a').end(new Error('a bug'));
    await end;
  });
});

describe('runs that share slots', () => {
  test('do each work once: the other waits without slots and reuses', async () => {
    const slots = new Slots({ name: executor.name, capacity: { cpu: 1, gpu: 0, memory: 100 } });
    const first = new DrivenRun(planOf([instanceOf('a')]), { slots });
    const second = new DrivenRun(planOf([instanceOf('a')]), { slots });
    expect([first.names, second.names]).toEqual([['a'], []]);
    second.results.set(first.get('a').ready.fingerprint, attemptOf('a'));
    await first.get('a').end();
    expect(states(await second.end)).toEqual({ a: 'reused' });
    expect(second.names).toEqual([]);
  });

  test('share what there is', async () => {
    const slots = new Slots({ name: executor.name, capacity: { cpu: 1, gpu: 0, memory: 100 } });
    const first = new DrivenRun(planOf([instanceOf('a')]), { slots });
    const second = new DrivenRun(planOf([instanceOf('b')]), { slots });
    expect([first.names, second.names]).toEqual([['a'], []]);
    await first.get('a').end();
    await settle();
    expect(second.names).toEqual(['b']);
    await second.finish();
  });
});

describe('a run that is stopped', () => {
  test('starts nothing more, waits for what runs, and tells both apart', async () => {
    const run = new DrivenRun(planOf([instanceOf('a', { cpu: 2 }), instanceOf('b'), instanceOf('c', { after: ['a'] })]));
    run.asked.abort();
    await settle();
    expect(run.names).toEqual(['a']);
    await run.get('a').end({ state: 'cancelled' });
    const end = await run.end;
    expect(states(end)).toEqual({ a: 'cancelled', b: 'skipped', c: 'skipped' });
    expect(end.outcomes.get('c')?.cause).toBe('the run was stopped');
    expect(end.problems).toEqual([]);
  });

  test('keeps what came out all the same', async () => {
    const run = new DrivenRun(planOf([instanceOf('a'), instanceOf('b', { after: ['a'] })]));
    run.asked.abort();
    await run.get('a').end();
    expect(states(await run.end)).toEqual({ a: 'executed', b: 'skipped' });
  });

  test('ends although another run still has the slots that it waits for', async () => {
    const slots = new Slots({ name: executor.name, capacity: { cpu: 1, gpu: 0, memory: 100 } });
    const first = new DrivenRun(planOf([instanceOf('a')]), { slots });
    const second = new DrivenRun(planOf([instanceOf('b')]), { slots });
    await settle();
    second.asked.abort();
    expect(states(await second.end)).toEqual({ b: 'skipped' });
    await first.finish();
  });
});

describe('events', () => {
  test('tell of each node why it starts and how it ended, with what it took and gave', async () => {
    const run = new DrivenRun(planOf([instanceOf('a'), instanceOf('b', { after: ['a'] })], { undecided: ['b'] }));
    await run.finish();
    expect(run.events.map(({ type }) => type)).toEqual(['node-started', 'node-ended', 'node-started', 'node-ended']);
    const digest = attemptOf('a').outputs['out']?.digest;
    expect(run.events[2]).toMatchObject({ node: 'b', cause: 'explained by a', inputs: { a: [digest] } });
    const fingerprint = run.get('b').ready.fingerprint;
    const outcome = { state: 'executed', cause: 'explained by a', fingerprint, inputs: { a: [digest] }, log: 'logs/b.log', seconds: 1 };
    expect(run.events[3]).toMatchObject({ node: 'b', outcome });
    for (const { time } of run.events) expect(new Date(time).toISOString()).toBe(time);
  });
});

test('nodes that wait for slots are told of once it has taken a moment', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const run = new DrivenRun(planOf(['a', 'b', 'c', 'd'].map((name) => instanceOf(name))));
  await settle();
  expect(run.names).toEqual(['a', 'b']);
  const told = (): Event[] => run.events.filter(({ type }) => type === 'nodes-waiting');
  vi.advanceTimersByTime(500);
  expect(told()).toEqual([]);
  vi.advanceTimersByTime(5000);
  expect(told()).toMatchObject([{ count: 2, message: '2 nodes wait for free slots: 2 run' }]);
  await run.finish();
  expect(told()).toHaveLength(1);
});

test('what waits to begin is given up when another node has failed, unless the run is to keep going', async () => {
  const nodes = () => planOf([instanceOf('speed', { measures: true }), instanceOf('a')]);
  const run = new DrivenRun(nodes());
  expect(run.get('speed').ready.unwanted.aborted).toBe(false);
  await run.get('a').end(failure(run.get('a').ready));
  expect(run.get('speed').ready.unwanted.aborted).toBe(true);
  await run.get('speed').end({ state: 'cancelled' });
  const { outcomes } = await run.end;
  expect(outcomes.get('speed')).toMatchObject({ state: 'skipped', cause: 'a node before it failed' });
  const going = new DrivenRun(nodes(), { keepGoing: true });
  await going.get('a').end(failure(going.get('a').ready));
  expect(going.get('speed').ready.unwanted.aborted).toBe(false);
  await going.get('speed').end();
  await going.end;
});

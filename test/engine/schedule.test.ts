import { describe, expect, test } from 'vitest';
import { openingNodes } from '../../src/engine/recorded-node.ts';
import { schedule } from '../../src/engine/schedule.ts';
import { Slots } from '../../src/engine/slots.ts';
import type { Expected } from '../../src/model/event.ts';
import { broken, DrivenRun, failure, settle, states } from './driven-run.ts';
import { attemptOf, executor, instanceOf, planOf } from './plans.ts';

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
    const end = await run.finish();
    expect(states(end)).toEqual({ a: 'reused', b: 'reused', c: 'executed' });
    expect(end.outcomes.get('b')?.cause).toBe('nothing that counts has changed');
    expect(end.outcomes.get('b')).not.toHaveProperty('log');
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

  test('before others where the longest way to the end leads on from it, as far as is known', async () => {
    const nodes = [
      instanceOf('side', { cpu: 2 }),
      instanceOf('a', { cpu: 2 }),
      instanceOf('b', { after: ['a'] }),
      instanceOf('wide', { cpu: 2 }),
    ];
    const run = new DrivenRun(planOf(nodes), { expected: new Map([['wide', { seconds: 9 } as Expected]]) });
    expect(run.names).toEqual(['a']);
    await run.finish();
    expect(run.names).toEqual(['a', 'side', 'b', 'wide']);
    const short = new DrivenRun(planOf(nodes), {
      expected: new Map(Object.entries({ side: 1, a: 1, b: 1, wide: 9 }).map(([name, seconds]) => [name, { seconds } as Expected])),
    });
    await short.finish();
    expect(short.names).toEqual(['wide', 'a', 'side', 'b']);
  });

  test('alone where it asks for more than there is, which is said once', async () => {
    const run = new DrivenRun(planOf([instanceOf('a'), instanceOf('large', { gpu: 2 }), instanceOf('b', { after: ['a'] })]));
    expect(run.names).toEqual(['a']);
    await run.get('a').end();
    expect(run.names).toEqual(['a', 'large']);
    await run.get('large').end();
    expect(run.names).toEqual(['a', 'large', 'b']);
    await run.finish();
    const message = 'asks for more than this machine or --jobs has: it runs alone';
    expect(run.events.filter(({ type }) => type === 'notice')).toMatchObject([{ node: 'large', level: 'warning', message }]);
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
  test('with all that the plan reuses, before anything starts, and told once', async () => {
    const nodes = [instanceOf('a'), instanceOf('b', { after: ['a'] }), instanceOf('c', { after: ['b'] })];
    const run = new DrivenRun(planOf(nodes, { reused: ['a', 'b'] }));
    expect(run.events.slice(0, 2)).toMatchObject([
      { type: 'nodes-reused', nodes: ['a', 'b'] },
      { type: 'node-started', node: 'c' },
    ]);
    expect(states(await run.finish())).toEqual({ a: 'reused', b: 'reused', c: 'executed' });
  });

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

  test('which was fetched from elsewhere, and says from where', async () => {
    const run = new DrivenRun(planOf([instanceOf('a')]));
    const { ready, end } = run.get('a');
    const settled = { instance: instanceOf('a'), fingerprint: ready.fingerprint, attempt: attemptOf('a') };
    await end({ state: 'reused', settled, remote: 'shelf' });
    expect((await run.end).outcomes.get('a')).toMatchObject({ state: 'reused', cause: 'found in the remote shelf' });
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

test('a node is awaited by what reads it where that would begin before all else', async () => {
  const chain = [instanceOf('a'), instanceOf('b', { after: ['a'] }), instanceOf('c', { after: ['b'] })];
  const run = new DrivenRun(planOf([...chain, ...['d', 'e', 'f'].map((name) => instanceOf(name))]));
  expect([run.names, run.get('a').ready.isAwaited(), run.get('d').ready.isAwaited()]).toEqual([['a', 'd'], true, false]);
  await run.finish();
});

test('a node is awaited once nothing else could begin, which is told', async () => {
  let told = 0;
  const hurry = (): void => {
    told += 1;
  };
  const run = new DrivenRun(planOf(['a', 'b', 'c'].map((name) => instanceOf(name))), { hurry });
  const { ready, free } = run.get('a');
  expect([run.names, ready.isAwaited(), told]).toEqual([['a', 'b'], false, 0]);
  await free();
  expect([run.names, ready.isAwaited(), told]).toEqual([['a', 'b', 'c'], true, 1]);
  await run.finish();
});

test('a node whose program has ended leaves its slots to another while what it made is kept; what reads that waits', async () => {
  const slots = new Slots({ name: executor.name, capacity: { cpu: 1, gpu: 0, memory: 100 } });
  const run = new DrivenRun(planOf([instanceOf('a'), instanceOf('b'), instanceOf('c', { after: ['a'] })]), { slots });
  expect(run.names).toEqual(['a']);
  await run.get('a').free();
  expect(run.names).toEqual(['a', 'b']);
  await run.get('b').end();
  expect(run.names).toEqual(['a', 'b']);
  await run.get('a').end();
  expect(run.names).toEqual(['a', 'b', 'c']);
  expect(states(await run.finish())).toEqual({ a: 'executed', b: 'executed', c: 'executed' });
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
    const { problems, outcomes } = await runs[1].end;
    expect(problems).toEqual([broken('a')]);
    const { fingerprint } = runs[0].get('a').ready;
    expect(outcomes.get('a')).toMatchObject({
      state: 'failed',
      cause: 'it has not run before',
      error: { message: 'a failed' },
      fingerprint,
    });
    expect(runs[1].names).toEqual([]);

    const other = planOf([instanceOf('b')]);
    const first = new DrivenRun(other, { slots });
    await first.get('b').end(failure(first.get('b').ready, 'store'));
    expect(new DrivenRun(other, { slots }).names).toEqual(['b']);
  });

  test('that failed in another run keeps what is ready beside it from starting', async () => {
    const slots = new Slots({ name: executor.name, capacity: { cpu: 2, gpu: 0, memory: 100 } });
    const first = new DrivenRun(planOf([instanceOf('a')]), { slots });
    await first.get('a').end(failure(first.get('a').ready));
    const nodes = planOf([instanceOf('a'), instanceOf('b')]);
    const second = new DrivenRun(nodes, { slots });
    expect(second.names).toEqual([]);
    expect(states(await second.end)).toEqual({ a: 'failed', b: 'skipped' });
    const going = new DrivenRun(nodes, { slots, keepGoing: true });
    expect(states(await going.finish())).toEqual({ a: 'failed', b: 'executed' });
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
    expect(run.events[3]).not.toHaveProperty('problem');
  });

  test('of a failed node hold its problem', async () => {
    const run = new DrivenRun(planOf([instanceOf('a')]));
    await run.get('a').end(failure(run.get('a').ready));
    await run.end;
    expect(run.events.at(-1)).toMatchObject({ type: 'node-ended', node: 'a', outcome: { state: 'failed' }, problem: broken('a') });
  });

  test('say why it runs as it was first explained', async () => {
    const explained: string[] = [];
    const plan = planOf([instanceOf('a'), instanceOf('b', { after: ['a'] })], { undecided: ['b'] });
    const run = new DrivenRun(plan, { explain: ({ prepared }) => `explanation ${explained.push(prepared.instance.name)}` });
    await run.finish();
    expect(explained).toEqual(['b']);
    expect(run.events.at(-1)).toMatchObject({ node: 'b', outcome: { cause: 'explanation 1' } });
  });

  test('warn of what was measured beside other work', async () => {
    const run = new DrivenRun(planOf([instanceOf('a'), instanceOf('b')]));
    const { ready, end } = run.get('a');
    const attempt = { ...attemptOf('a'), facts: { disturbed: ['train of the run 1'] } };
    await end({ state: 'executed', settled: { instance: ready.plan.prepared.instance, fingerprint: ready.fingerprint, attempt } });
    await run.finish();
    const notices = run.events.filter(({ type }) => type === 'notice');
    expect(notices).toMatchObject([{ node: 'a', level: 'warning', message: expect.stringContaining('train of the run 1') }]);
  });
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

test('as many nodes as there are may listen whether they are still wanted: Node warns of no leak', async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  process.on('warning', onWarning);
  const run = new DrivenRun(planOf([instanceOf('a')]));
  for (let count = 0; count < 20; count += 1) run.get('a').ready.unwanted.addEventListener('abort', () => count);
  await run.finish();
  process.off('warning', onWarning);
  expect(warnings).toEqual([]);
});

test.each([500, 2000])('of %i nodes each is looked at as often as of a few, however many of them wait', async (count) => {
  class CountedSlots extends Slots {
    takes = 0;
    override take(...given: Parameters<Slots['take']>): ReturnType<Slots['take']> {
      this.takes += 1;
      return super.take(...given);
    }
  }
  const slots = new CountedSlots({ name: executor.name, capacity: { cpu: 2, gpu: 0, memory: 100 } });
  const names = Array.from({ length: count }, (_, index) => `n${index}`);
  const nodes = names.flatMap((name) => [instanceOf(name), instanceOf(`${name}-after`, { after: [name] })]);
  let finds = 0;
  const run = schedule(planOf(nodes), {
    slots,
    keepGoing: false,
    stop: new AbortController().signal,
    emit: () => undefined,
    find: () => {
      finds += 1;
      return undefined;
    },
    execute: async ({ plan: { prepared }, fingerprint }) => {
      const { instance } = prepared;
      return { state: 'executed', settled: { instance, fingerprint, attempt: attemptOf(instance.name) } };
    },
    explain: () => '',
    opening: openingNodes(planOf(nodes)),
    logOf: (node) => ({ log: node }),
  });
  expect((await run).settled.size).toBe(2 * count);
  expect(finds).toBe(2 * count);
  expect(slots.takes).toBeLessThanOrEqual(3 * 2 * count);
});

import { describe, expect, test } from 'vitest';
import type { Json } from '../../src/model/json.ts';
import type { Space, VariantParams } from '../../src/model/sweep.ts';
import type { SweepEvent } from '../../src/model/sweep-event.ts';
import { Journal } from '../../src/sweep/journal.ts';
import { strategies } from '../../src/sweep/strategies.ts';
import { checkValues, parallelOf, sweepId } from '../../src/sweep/sweep.ts';
import { specOf } from './functions.ts';
import { FakeWorkbench, MemoryLines, type Script, sweepInMemory } from './rig.ts';

const choice = (name: string, ...values: readonly Json[]): Space[number] => ({ name, domain: { kind: 'choice', values }, when: {} });
const grid = (space: Space, more: Parameters<typeof specOf>[1] = {}): ReturnType<typeof specOf> =>
  specOf(space, { strategy: 'grid', ...more });
const square: Script = ({ x = 0 }) => ({ 'node.value': Number(x) ** 2 });
const xs = grid([choice('x', 3, -1, 2, 0)]);

describe('a sweep', () => {
  test('runs each variant once, at most so many at once, and says which is the best', async () => {
    const workbench = new FakeWorkbench(async (params, nodes) => {
      await new Promise((resolve) => setImmediate(resolve));
      return square(params, nodes);
    });
    const { result } = await sweepInMemory(xs, workbench, new MemoryLines(), { parallel: 2 });
    expect(workbench.ran.map(({ params }) => params)).toEqual([{ x: 3 }, { x: -1 }, { x: 2 }, { x: 0 }]);
    expect(workbench.most).toBe(2);
    expect(result).toMatchObject({ id: 'test', state: 'done', best: { trial: 3, params: { x: 0 } } });
    expect(result.trials.map(({ state }) => state)).toEqual(['done', 'done', 'done', 'done']);
  });

  test('tells what happens in order, each event with its time and the trials as they then stand', async () => {
    const { events } = await sweepInMemory(grid([choice('x', 2, 1)]), new FakeWorkbench(square), new MemoryLines());
    expect(events.map(({ type }) => type)).toEqual([
      'sweep-started',
      'trial-started',
      'trial-progress',
      'trial-ended',
      'trial-started',
      'trial-progress',
      'trial-ended',
      'sweep-ended',
    ]);
    expect(events.every(({ time }) => !Number.isNaN(Date.parse(time)))).toBe(true);
    expect(events[0]).toMatchObject({ sweep: 'test', count: 2, trials: [], ranking: [], best: undefined });
    expect(events[1]).toMatchObject({ trial: { trial: 0, state: 'unfinished', params: { x: 2 } } });
    expect(events[2]).toMatchObject({ trial: 0, event: { type: 'node-started', node: 'student' } });
    expect(events[3]).toMatchObject({ trial: { trial: 0, metrics: { 'node.value': 4 } }, ranking: [0], best: 0 });
    expect(events[6]).toMatchObject({ ranking: [1, 0], best: 1 });
    expect(events[7]).toMatchObject({ sweep: 'test', state: 'done', ranking: [1, 0], best: 1 });
  });

  test('records what fails and goes on; such a trial is tried again only when asked', async () => {
    let isFixed = false;
    const workbench = new FakeWorkbench(({ x }) => (x === -1 && !isFixed ? new Error('It diverged.') : { 'node.value': Number(x) }));
    const lines = new MemoryLines();
    const { result } = await sweepInMemory(xs, workbench, lines);
    expect(result.trials.map(({ state, error }) => error ?? state)).toEqual(['done', 'It diverged.', 'done', 'done']);
    expect(result.best?.trial).toBe(3);
    isFixed = true;
    await sweepInMemory(xs, workbench, lines);
    expect(workbench.ran).toHaveLength(4);
    const again = await sweepInMemory(xs, workbench, lines, { retry: true });
    expect(workbench.ran).toHaveLength(5);
    expect(again.result.best?.trial).toBe(1);
  });

  test('fails a trial that cannot be planned, or that does not report what is asked', async () => {
    const workbench = new FakeWorkbench(({ x }) => (x === 2 ? { 'node.other': 1 } : { 'node.value': 1 }));
    workbench.refused = ({ x }) => x === 3;
    const { result } = await sweepInMemory(xs, workbench, new MemoryLines());
    expect(result.trials[0]).toMatchObject({ state: 'failed', error: 'it does not take {"x":3}', runs: [] });
    expect(result.trials[2]?.error).toBe('no node reported the metric "node.value" (reported: node.other)');
  });

  test('starts nothing when its time is up, and goes on when it is given more', async () => {
    let now = 0;
    const workbench = new FakeWorkbench((params, nodes) => {
      now += 40_000;
      return square(params, nodes);
    });
    const lines = new MemoryLines();
    const { result } = await sweepInMemory({ ...xs, seconds: 60 }, workbench, lines, { now: () => now });
    expect(result.trials).toHaveLength(2);
    const more = await sweepInMemory(xs, workbench, lines, { now: () => now });
    expect(more.events[0]).toMatchObject({ type: 'sweep-started', trials: [{ trial: 0 }, { trial: 1 }] });
    expect(more.result.trials).toHaveLength(4);
    expect(workbench.ran).toHaveLength(4);
  });

  test('that is stopped says so, keeps what has ended, and begins the rest again', async () => {
    const stop = new AbortController();
    const workbench = new FakeWorkbench(({ x }) => {
      if (x !== 2 || stop.signal.aborted) return { 'node.value': 1 };
      stop.abort('SIGINT: stopping');
      return 'stopped';
    });
    const lines = new MemoryLines();
    const { result, events } = await sweepInMemory(xs, workbench, lines, { signal: stop.signal });
    expect(events).toContainEqual(expect.objectContaining({ type: 'notice', level: 'warning', message: 'SIGINT: stopping' }));
    expect(result).toMatchObject({ state: 'stopped', trials: [{ state: 'done' }, { state: 'done' }, { state: 'unfinished' }] });
    expect(events.at(-1)).toMatchObject({ type: 'sweep-ended', state: 'stopped' });
    const again = await sweepInMemory(xs, workbench, lines);
    expect(again.result).toMatchObject({ state: 'done', trials: [{}, {}, { state: 'done' }, { state: 'done' }] });
    expect(workbench.ran.map(({ params }) => params['x'])).toEqual([3, -1, 2, 2, 0]);
    expect(lines.of('start')).toHaveLength(4);
  });
});

describe('repeats', () => {
  const spec = grid([choice('x', 1, 2)], { repeats: { seed: [1, 2, 3], 'node.fold': [0, 1] } });

  test('run each variant with each combination of their values; metrics are means, with their deviation', async () => {
    const workbench = new FakeWorkbench(({ x, seed }) => ({ 'node.value': Number(x) * 10 + Number(seed) }));
    const { result } = await sweepInMemory(spec, workbench, new MemoryLines());
    const [trial] = result.trials;
    expect(workbench.ran).toHaveLength(12);
    expect(trial?.runs.map(({ repeat }) => repeat)).toEqual(
      [1, 2, 3].flatMap((seed) => [0, 1].map((fold) => ({ seed, 'node.fold': fold }))),
    );
    expect(trial?.metrics['node.value']).toBe(12);
    expect(trial?.deviations['node.value']).toBeCloseTo(Math.sqrt(4 / 5), 12);
  });

  test('fail as one, and stop as one', async () => {
    const failing = new FakeWorkbench(({ x, seed }) => (x === 1 && seed === 2 ? new Error('no') : { 'node.value': 1 }));
    const { result } = await sweepInMemory(spec, failing, new MemoryLines());
    expect(result.trials.map(({ state, runs }) => [state, runs.length])).toEqual([
      ['failed', 6],
      ['done', 6],
    ]);
    const stopping = new FakeWorkbench(({ x, seed }) => (x === 1 && seed === 2 ? 'stopped' : { 'node.value': 1 }));
    const stopped = await sweepInMemory(spec, stopping, new MemoryLines());
    expect(stopped.result.trials[0]).toMatchObject({ state: 'unfinished', runs: [] });
  });
});

describe('what counts', () => {
  test('a trial that breaks a constraint is never the best', async () => {
    const constraints = [{ metric: 'node.value', bounds: { min: 1 } }];
    const { result } = await sweepInMemory({ ...xs, constraints }, new FakeWorkbench(square), new MemoryLines());
    expect(result.best?.params).toEqual({ x: -1 });
    expect(result.trials.filter(({ feasible }) => !feasible).map(({ params }) => params)).toEqual([{ x: 0 }]);
  });

  test('several objectives have a front, in the order of the first', async () => {
    const objectives = [
      { metric: 'node.a', goal: 'minimize' },
      { metric: 'node.b', goal: 'maximize' },
    ] as const;
    const workbench = new FakeWorkbench(({ x }) => ({ 'node.a': Number(x) ** 2, 'node.b': Number(x) }));
    const { result } = await sweepInMemory({ ...xs, objectives }, workbench, new MemoryLines());
    expect(result.front.map(({ params }) => params['x'])).toEqual([0, 2, 3]);
    expect(result.best?.params).toEqual({ x: 0 });
  });

  test('without an objective none is the best', async () => {
    const { result } = await sweepInMemory({ ...xs, objectives: [] }, new FakeWorkbench(square), new MemoryLines());
    expect(result).toMatchObject({ best: undefined, front: [] });
  });

  test('`only` is how far every variant runs', async () => {
    const workbench = new FakeWorkbench(square);
    await sweepInMemory({ ...xs, only: ['student', 'card'] }, workbench, new MemoryLines());
    expect(new Set(workbench.ran.map(({ nodes }) => nodes?.join()))).toEqual(new Set(['student,card']));
  });
});

describe('a sweep that was killed', () => {
  const tpe = specOf([{ name: 'x', domain: { kind: 'float', from: -3, to: 3, log: false }, when: {} }], { strategy: 'tpe', trials: 20 });

  test('goes on from every line of its journal with the proposals that it would have made', async () => {
    const whole = new MemoryLines();
    await sweepInMemory(tpe, new FakeWorkbench(square), whole, { parallel: 3 });
    for (let cut = 1; cut < whole.lines.length; cut += 1) {
      const lines = new MemoryLines();
      lines.lines.push(...whole.lines.slice(0, cut));
      const known = lines.of('end').length;
      const workbench = new FakeWorkbench(square);
      const { result } = await sweepInMemory(tpe, workbench, lines, { parallel: 3 });
      expect(lines.of('start')).toEqual(whole.of('start'));
      expect(workbench.ran).toHaveLength(20 - known);
      expect(result.trials.every(({ state }) => state === 'done')).toBe(true);
    }
  });

  test('goes on further when it is given more trials', async () => {
    const lines = new MemoryLines();
    const random = { ...tpe, strategy: 'random' };
    await sweepInMemory({ ...random, trials: 2 }, new FakeWorkbench(square), lines);
    const more = await sweepInMemory({ ...random, trials: 5 }, new FakeWorkbench(square), lines);
    expect(more.result.trials).toHaveLength(5);
    const whole = new MemoryLines();
    await sweepInMemory({ ...random, trials: 5 }, new FakeWorkbench(square), whole);
    expect(lines.of('start')).toEqual(whole.of('start'));
  });

  test('runs again what would be asked otherwise now, and keeps its window', async () => {
    const lines = new MemoryLines();
    const workbench = new FakeWorkbench(square);
    await sweepInMemory(xs, workbench, lines, { parallel: 2 });
    workbench.code = 'second';
    await sweepInMemory(xs, workbench, lines, { parallel: 4 });
    expect(workbench.ran).toHaveLength(8);
    expect(Journal.open(lines, 4, {}).window).toBe(2);
    expect(lines.of('start')).toHaveLength(4);
  });

  test('writes what has ended durably before anything builds on it', async () => {
    const lines = new MemoryLines();
    const durable: number[] = [];
    const report = ({ type }: SweepEvent): void => {
      if (type === 'trial-ended') durable.push(lines.durable.length);
    };
    await sweepInMemory(xs, new FakeWorkbench(square), lines, { watchers: [{ report }] });
    expect(lines.durable.map((index) => lines.lines[index])).toEqual(lines.of('end'));
    expect(durable).toEqual(lines.of('end').map((_, index) => index + 1));
  });

  test('says in its journal whether it is over: where its time was up it may go on', async () => {
    const lines = new MemoryLines();
    const states = (): unknown[] =>
      lines.read().flatMap((line) => ((line as { type: string }).type === 'closed' ? [(line as { state: string }).state] : []));
    await sweepInMemory({ ...xs, seconds: 0 }, new FakeWorkbench(square), lines);
    await sweepInMemory(xs, new FakeWorkbench(square), lines);
    expect(states()).toEqual(['stopped', 'done']);
  });

  test('begins a journal of another format anew', () => {
    const lines = new MemoryLines();
    lines.begin({ type: 'sweep', format: 1, window: 7, asked: {} });
    lines.append({ type: 'start', job: { trial: 0 } });
    expect(Journal.open(lines, 2, {})).toMatchObject({ window: 2, known: [] });
    expect(lines.lines).toHaveLength(1);
  });
});

describe('asha', () => {
  const judge = { metric: 'student.score', goal: 'maximize' } as const;
  const spec = specOf([{ name: 'x', domain: { kind: 'float', from: 0, to: 1, log: false }, when: {} }], {
    strategy: 'asha',
    trials: 9,
    objectives: [judge],
    budget: { param: 'student.stop_after', node: 'student', judge, rungs: [1, 3, 9] },
  });
  const script: Script = ({ x, 'student.stop_after': budget }) => ({ 'student.score': Number(x) * Number(budget) });

  test('gives the best of each rung more, and runs what is downstream of the judged node for survivors alone', async () => {
    const workbench = new FakeWorkbench(script);
    const { result } = await sweepInMemory(spec, workbench, new MemoryLines());
    const budgets = workbench.ran.map(({ params }) => params['student.stop_after']);
    expect([1, 3, 9].map((budget) => budgets.filter((one) => one === budget).length)).toEqual([9, 3, 1]);
    expect(workbench.ran.every(({ params, nodes }) => (params['student.stop_after'] === 9) === (nodes === undefined))).toBe(true);
    expect(new Set(workbench.ran.map(({ nodes }) => nodes?.join()))).toEqual(new Set(['student', undefined]));
    expect(result.trials.map(({ state }) => state).sort()).toEqual(['done', ...Array(8).fill('halted')]);
    const best = Math.max(...result.trials.map(({ params }) => Number(params['x'])));
    expect(result.best).toMatchObject({ budget: 9, params: { x: best } });
  });

  test('goes on after a kill with the promotions that it would have made', async () => {
    const whole = new MemoryLines();
    await sweepInMemory(spec, new FakeWorkbench(script), whole);
    for (let cut = 1; cut < whole.lines.length; cut += 1) {
      const lines = new MemoryLines();
      lines.lines.push(...whole.lines.slice(0, cut));
      await sweepInMemory(spec, new FakeWorkbench(script), lines);
      expect(lines.of('start')).toEqual(whole.of('start'));
    }
  });
});

describe('before anything runs', () => {
  test('each value is read by itself, a list by its variants', async () => {
    const read: unknown[] = [];
    const workbench = new FakeWorkbench(square);
    workbench.refused = (params) => {
      read.push(params);
      return params['x'] === 9;
    };
    const spec = grid([choice('x', 1, 2), { name: 'y', domain: { kind: 'int', from: 0, to: 5, log: false }, when: {} }], {
      repeats: { seed: [7] },
    });
    expect((await checkValues(spec, workbench)).ok).toBe(true);
    expect(read).toEqual([{ x: 1 }, { x: 2 }, { y: 0 }, { y: 5 }, { seed: 7 }]);
    const list = specOf([], { strategy: 'list', variants: [{ x: 1, y: 2 }, { x: 9 }] });
    expect(await checkValues(list, workbench)).toMatchObject({ ok: false, problems: [{ message: 'it does not take {"x":9}' }] });
    expect((await checkValues({ ...list, trials: 1 }, workbench)).ok).toBe(true);
  });

  test('a value that applies only beside others is read beside such', async () => {
    const read: VariantParams[] = [];
    const workbench = new FakeWorkbench(square);
    workbench.refused = (params) => {
      read.push(params);
      return false;
    };
    const lr: Space[number] = { name: 'lr', domain: { kind: 'float', from: 0, to: 1, log: false }, when: {} };
    const gamma = { ...choice('loss.gamma', 1), when: { loss: 'focal' } };
    const bend = { ...choice('bend', 2), when: { 'loss.gamma': 1, lr: { above: 0.5 } } };
    await checkValues(grid([choice('loss', 'plain', 'focal'), lr, gamma, bend]), workbench);
    expect(read.slice(-2)).toEqual([
      { loss: 'focal', 'loss.gamma': 1 },
      { loss: 'focal', 'loss.gamma': 1, lr: 1, bend: 2 },
    ]);
  });

  test('a sweep is known by what it asks, not by how far it goes or how fast', () => {
    const id = sweepId('p', xs, 'asked');
    const long = sweepId('p'.repeat(300), xs, 'asked');
    expect(long.length).toBeLessThan(200);
    expect(long).not.toBe(sweepId(`${'p'.repeat(299)}q`, xs, 'asked'));
    expect(sweepId('p', { ...xs, trials: 3, seconds: 9, parallel: 2 }, 'asked')).toBe(id);
    expect(sweepId('p', { ...xs, only: ['student'] }, 'asked')).not.toBe(id);
    expect(sweepId('p', xs, 'another')).not.toBe(id);
    expect(id).toMatch(/^p-[0-9a-f]{10}$/);
  });

  test('strategies that learn run as many trials as there are threads, others twice as many', () => {
    const { tpe, grid: walk } = strategies;
    if (tpe === undefined || walk === undefined) throw new Error('no strategies');
    expect([parallelOf(xs, tpe, 4), parallelOf(xs, walk, 4), parallelOf({ ...xs, parallel: 3 }, walk, 4)]).toEqual([4, 8, 3]);
  });
});

import { getEventListeners } from 'node:events';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { Slots } from '../../src/engine/slots.ts';
import { MOMENT } from '../../src/model/waiting.ts';
import { DrivenRun, settle, states } from './driven-run.ts';
import { attemptOf, executor, instanceOf, planOf } from './plans.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
});

const told = ({ events }: DrivenRun): (string | undefined)[] =>
  events.flatMap((event) => (event.type === 'nodes-waiting' ? [event.message] : []));

describe('nodes that wait', () => {
  test('for slots are told of once it has taken a moment', async () => {
    const run = new DrivenRun(planOf(['a', 'b', 'c', 'd'].map((name) => instanceOf(name))));
    await settle();
    expect(run.names).toEqual(['a', 'b']);
    vi.advanceTimersByTime(MOMENT / 2);
    expect(told(run)).toEqual([]);
    vi.advanceTimersByTime(5 * MOMENT);
    expect(run.events.find(({ type }) => type === 'nodes-waiting')).toMatchObject({ count: 2 });
    await run.finish();
    expect(told(run)).toEqual(['2 nodes wait for free slots: 2 run']);
  });

  test('are told of anew when they wait again, and not if they have started meanwhile', async () => {
    const plan = planOf([
      instanceOf('a', { cpu: 2 }),
      instanceOf('b'),
      instanceOf('c', { cpu: 2, after: ['b'] }),
      instanceOf('d', { after: ['a', 'b'] }),
    ]);
    const run = new DrivenRun(plan);
    await settle();
    vi.advanceTimersByTime(MOMENT / 2);
    await run.get('a').end();
    expect(run.names).toEqual(['a', 'b']);
    vi.advanceTimersByTime(5 * MOMENT);
    expect(told(run)).toEqual([]);
    await run.get('b').end();
    expect(run.names).toEqual(['a', 'b', 'c']);
    vi.advanceTimersByTime(5 * MOMENT);
    expect(told(run)).toEqual(['1 node waits for free slots: 1 runs']);
    await run.finish();
  });

  test('for another run of this process are told of as that', async () => {
    const slots = new Slots({ name: executor.name, capacity: { cpu: 2, gpu: 0, memory: 100 } });
    const first = new DrivenRun(planOf([instanceOf('a', { cpu: 2 })]), { slots });
    const second = new DrivenRun(planOf([instanceOf('b'), instanceOf('c')]), { slots });
    await settle();
    vi.advanceTimersByTime(MOMENT);
    expect([told(first), told(second)]).toEqual([[], ['2 nodes wait for other runs of this process']]);
    await first.finish();
    await second.finish();
  });

  test('when the run is stopped are not told of any more, and nothing of it listens for the stop', async () => {
    const run = new DrivenRun(planOf([instanceOf('a', { cpu: 2 }), instanceOf('b')]));
    await settle();
    expect(getEventListeners(run.asked.signal, 'abort')).toHaveLength(1);
    run.asked.abort();
    await settle();
    vi.advanceTimersByTime(5 * MOMENT);
    await run.get('a').end({ state: 'cancelled' });
    await run.end;
    vi.advanceTimersByTime(5 * MOMENT);
    expect(told(run)).toEqual([]);

    const whole = new DrivenRun(planOf([instanceOf('a')]));
    await whole.finish();
    expect(getEventListeners(whole.asked.signal, 'abort')).toEqual([]);
  });

  test('for slots are reused at once where their result is known; others are asked for a result once', async () => {
    const reused = instanceOf('reused');
    const { fingerprint } = new DrivenRun(planOf([reused])).get('reused').ready;
    const asked: string[] = [];
    const results = new Map([[fingerprint, attemptOf('reused')]]);
    const run = new DrivenRun(planOf([instanceOf('a'), instanceOf('x'), instanceOf('b', { cpu: 2 }), reused]), {
      find: (wanted) => {
        asked.push(wanted);
        return results.get(wanted);
      },
    });
    expect(run.events.filter(({ type }) => type === 'node-ended')).toMatchObject([{ node: 'reused', outcome: { state: 'reused' } }]);
    await run.get('x').end();
    expect(run.names).toEqual(['a', 'x']);
    expect(states(await run.finish())).toEqual({ a: 'executed', x: 'executed', b: 'executed', reused: 'reused' });
    expect(asked).toHaveLength(4);
  });
});

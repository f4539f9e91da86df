import { describe, expect, test } from 'vitest';
import { expectedOf } from '../../src/engine/expected.ts';
import { forecastOf } from '../../src/engine/forecast.ts';
import { digestOf } from '../../src/model/canonical.ts';
import type { Expected, PlannedNode } from '../../src/model/event.ts';
import type { Instance } from '../../src/model/pipeline.ts';
import type { RunRecord } from '../../src/model/run.ts';
import { instanceOf, planOf } from './plans.ts';

/** What a plan knows of instances before they run. */
function known(instances: readonly Instance[], records: readonly RunRecord[]): ReadonlyMap<string, Expected> {
  return expectedOf(planOf(instances), records);
}

function instance(name: string, more: Partial<Instance> = {}): Instance {
  const resources = { cpu: 1, gpu: 0, memory: 0 };
  return instanceOf(name, { node: name.replace(/\[.*/, ''), resources, ...more } as unknown as Parameters<typeof instanceOf>[1]);
}

function record(nodes: Readonly<Record<string, object>>): RunRecord {
  return { nodes } as unknown as RunRecord;
}

const ran = (seconds: number, params: object = {}, node = 'a'): object => ({
  state: 'executed',
  seconds,
  fingerprint: `${seconds}`,
  params,
  recipe: { node },
  outputs: { out: { size: 7 } },
});

describe('what executing a node takes', () => {
  test('is the median of the newest executions; one that was reused since counts once, and a failed one not at all', () => {
    const reused = { ...ran(3), state: 'reused' };
    const records = [record({ a: reused }), record({ a: ran(3) }), record({ a: { ...ran(90), state: 'failed' } }), record({ a: ran(9) })];
    expect(known([instance('a')], records).get('a')).toEqual({
      seconds: 6,
      least: 3,
      most: 9,
      known: 2,
      took: [3, 9],
      of: 'former',
      bytes: 7,
    });
  });

  test('is that of equal params where there are such, and else of whatever ran', () => {
    const records = [record({ a: ran(50, { epochs: 50 }) }), record({ a: ran(1, { epochs: 1 }) })];
    const of = (epochs: number): number | undefined => known([instance('a', { params: { epochs } })], records).get('a')?.seconds;
    expect([of(1), of(50), of(7)]).toEqual([1, 50, 25.5]);
  });

  test('is that of the same code where that has run', () => {
    const code = digestOf({ run: 'make a', tools: {} });
    const records = [record({ a: ran(50) }), record({ a: { ...ran(7), code } }), record({ a: { ...ran(8), code: 'other' } })];
    expect(known([instance('a')], records).get('a')).toMatchObject({ took: [7], of: 'same' });
  });

  test('of an instance that never ran is what others of its node took', () => {
    const records = [record({ 'a[fold=0]': ran(4), b: ran(1, {}, 'b') })];
    const found = known([instance('a[fold=1]'), instance('new')], records);
    expect([...found].map(([name, { seconds }]) => [name, seconds])).toEqual([['a[fold=1]', 4]]);
  });
});

describe('what a plan takes', () => {
  const takes = { executor: 'fake', cpu: 1, gpu: 0, memory: 0, alone: false };
  const node = (name: string, seconds: number, more: Partial<PlannedNode> = {}): PlannedNode => ({
    node: name,
    action: 'run',
    cause: '',
    after: [],
    takes,
    ...(seconds === 0 ? {} : { expected: { seconds, least: seconds, most: seconds, known: 1, took: [seconds], of: 'same', bytes: 1 } }),
    ...more,
  });
  const planned = [
    node('a', 2),
    node('b', 3, { action: 'maybe', after: ['a'] }),
    node('c', 4, { after: ['a'] }),
    node('d', 0, { takes: { ...takes, alone: true } }),
  ];

  test('is all work, and how long that lasts with so many threads', () => {
    const of = (cpu: number): object => forecastOf(planned, ['run', 'maybe'], { fake: { cpu, gpu: 0, memory: 0 } });
    expect(of(1)).toEqual({ nodes: 4, unknown: 1, seconds: 9, elapsed: 9, bytes: 3 });
    expect(of(2)).toMatchObject({ seconds: 9, elapsed: 6 });
    expect(forecastOf(planned, ['run'], { fake: { cpu: 8, gpu: 0, memory: 0 } })).toMatchObject({ nodes: 3, elapsed: 6 });
    expect(forecastOf(planned, ['reuse'], {})).toMatchObject({ nodes: 0, elapsed: 0 });
  });

  test('is a range where something is known of every node', () => {
    const { range } = forecastOf([node('a', 100), node('b', 50, { action: 'maybe', after: ['a'] })], ['run', 'maybe'], {});
    expect(range?.low).toBeGreaterThan(100);
    expect(range?.low).toBeLessThan(150);
    expect(range?.high).toBeGreaterThan(150);
    expect(range?.high).toBeLessThan(220);
  });
});

import { expect, test } from 'vitest';
import { History, type Past } from '../../src/engine/history.ts';
import type { RunRecord } from '../../src/model/run.ts';
import type { RunsAmong, Store } from '../../src/model/store.ts';

function pastOf(history: History, name: string): Omit<Past, 'run'> {
  const { run: _run, ...past } = history.of(name);
  return past;
}

test('runs are read from the newest on, each once, and no further back than a node came out; others are added', () => {
  const ended = { new: 'failed', a: 'reused', b: 'skipped' };
  const records = Array.from({ length: 60 }, (_, age) => ({
    nodes: Object.fromEntries(
      Object.entries(age === 3 ? { ...ended, b: 'executed', new: 'executed' } : ended).map(([name, state]) => [
        name,
        { state, fingerprint: `${name} ${age}` },
      ]),
    ),
  })) as unknown as RunRecord[];
  let read = 0;
  const all = function* (): Iterable<RunRecord> {
    for (const record of records) {
      read += 1;
      yield record;
    }
  };
  const store = { runs: { all }, results: { read: (fingerprint: string) => fingerprint } } as unknown as Store;
  const history = new History(store, 'p');
  expect(pastOf(history, 'a')).toEqual({ last: { state: 'reused', fingerprint: 'a 0' }, result: 'a 0' });
  expect(read).toBe(1);
  expect(pastOf(history, 'new')).toEqual({ last: { state: 'failed', fingerprint: 'new 0' }, result: 'new 3' });
  expect(pastOf(history, 'b')).toEqual({ last: { state: 'executed', fingerprint: 'b 3' }, result: 'b 3' });
  expect(read).toBe(4);
  history.add({
    nodes: { b: { state: 'executed', fingerprint: 'b now' }, a: { state: 'failed', fingerprint: 'a now' } },
  } as unknown as RunRecord);
  expect(pastOf(history, 'b').result).toBe('b now');
  expect(pastOf(history, 'a')).toEqual({ last: { state: 'failed', fingerprint: 'a now' }, result: 'a 0' });
  expect(pastOf(history, 'none')).toEqual({ last: undefined, result: undefined });
  expect(pastOf(history, 'none either')).toEqual({ last: undefined, result: undefined });
  expect(read).toBe(50);
});

test('runs that were asked the same come first, and others are read only of nodes that did not come out in them', () => {
  const record = (age: number, set: readonly string[], nodes: readonly string[]): RunRecord =>
    ({
      id: `run ${age}`,
      file: 'p.yaml',
      set,
      nodes: Object.fromEntries(nodes.map((name) => [name, { state: 'executed', fingerprint: `${name} ${age}` }])),
    }) as unknown as RunRecord;
  const records = [record(0, ['lr=3'], ['a', 'b']), record(1, ['lr=2'], ['a']), record(2, [], ['a', 'c'])];
  const all = (_: string, { set }: RunsAmong = {}): Iterable<RunRecord> =>
    records.filter((one) => set === undefined || String(one.set) === String(set));
  const store = { runs: { all }, results: { read: (fingerprint: string) => fingerprint } } as unknown as Store;
  const asking = (...set: string[]): History => new History(store, 'p', { file: 'p.yaml', set });
  expect(asking('lr=2').of('a').result).toBe('a 1');
  expect(asking('lr=2').of('b').result).toBe('b 0');
  expect([asking('lr=2').of('a').run, asking('lr=2').of('b').run]).toEqual(['run 1', 'run 0']);
  expect(asking().of('a').result).toBe('a 2');
  expect(asking('lr=9').of('a').result).toBe('a 0');
  expect(new History(store, 'p', { file: 'other.yaml', set: [] }).of('c').result).toBe('c 2');
});

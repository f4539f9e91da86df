import { expect, test } from 'vitest';
import { History } from '../../src/engine/history.ts';
import type { RunRecord } from '../../src/model/run.ts';
import type { Store } from '../../src/model/store.ts';

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
  expect(history.of('a')).toEqual({ last: { state: 'reused', fingerprint: 'a 0' }, result: 'a 0' });
  expect(read).toBe(1);
  expect(history.of('new')).toEqual({ last: { state: 'failed', fingerprint: 'new 0' }, result: 'new 3' });
  expect(history.of('b')).toEqual({ last: { state: 'executed', fingerprint: 'b 3' }, result: 'b 3' });
  expect(read).toBe(4);
  history.add({
    nodes: { b: { state: 'executed', fingerprint: 'b now' }, a: { state: 'failed', fingerprint: 'a now' } },
  } as unknown as RunRecord);
  expect(history.of('b').result).toBe('b now');
  expect(history.of('a')).toEqual({ last: { state: 'failed', fingerprint: 'a now' }, result: 'a 0' });
  expect(history.of('none')).toEqual({ last: undefined, result: undefined });
  expect(history.of('none either')).toEqual({ last: undefined, result: undefined });
  expect(read).toBe(50);
});

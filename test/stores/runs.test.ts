import { cpSync, existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sealedJson, sealedLine } from '../../src/files/sealed.ts';
import { RECORD_FORMAT, type RunNode, type RunRecord } from '../../src/model/run.ts';
import { ROW_FORMAT, rowOf } from '../../src/model/run-row.ts';
import type { Store } from '../../src/model/store.ts';
import { LocalRuns } from '../../src/stores/local/runs.ts';
import { localStore } from '../../src/stores/local/store.ts';
import { sha256 } from '../../src/model/canonical.ts';
import { write } from '../folders.ts';
import { damage, open, recordOf } from './stores.ts';

describe('runs', () => {
  test('are live as long as their process holds the lock, then interrupted', () => {
    const { store } = open();
    const lock = store.runs.start('run-1');
    store.runs.write({ ...recordOf('run-1'), state: 'live' });
    expect(store.runs.read('run-1')?.state).toBe('live');
    lock.release();
    expect(store.runs.read('run-1')?.state).toBe('interrupted');
    expect(store.runs.read('../run-1')).toBeUndefined();
  });

  test('are listed newest first, of one pipeline or of all', () => {
    const { store } = open();
    for (const [id, pipeline] of [
      ['20260101-a', 'one'],
      ['20260102-b', 'two'],
      ['20260103-c', 'one'],
    ] as const)
      store.runs.write({ ...recordOf(id), pipeline });
    expect([...store.runs.all('one')].map(({ id }) => id)).toEqual(['20260103-c', '20260101-a']);
    expect([...store.runs.rows()].map(({ run }) => run)).toEqual(['20260103-c', '20260102-b', '20260101-a']);
  });

  test.each(['', '{"id":"run-1"', '\0\0\0\0', '{"id":"run-1","format":1}', '{"id":"run-1","format":1,"nodes":{"a":3}}', 'null'])(
    'whose record is damaged (%j) are named, but no record',
    (text) => {
      const { store } = open();
      store.runs.write(recordOf('run-0'));
      writeFileSync(join(store.location, 'runs', 'run-1.json'), text);
      expect(store.runs.ids()).toEqual(['run-1', 'run-0']);
      expect(store.runs.read('run-1')).toBeUndefined();
      expect([...store.runs.all()].map(({ id }) => id)).toEqual(['run-0']);
      expect([...store.runs.rows()].map(({ run }) => run)).toEqual(['run-0']);
    },
  );

  test('keep their events as lines, and name their logs', async () => {
    const { store } = open();
    expect([...store.runs.events('run-1')]).toEqual([]);
    for (const line of ['{"a":1}', '{"b":2}']) {
      const events = store.runs.appendEvents('run-1', () => undefined);
      events.write(line);
      await events.close();
    }
    expect([...store.runs.events('run-1')].filter((line) => line !== '')).toEqual(['{"a":1}', '{"b":2}']);
    expect([...store.runs.events('../runs')]).toEqual([]);
    const { path, name } = store.runs.log('run-1', 'teacher[fold=0]/..');
    expect(name).toMatch(/^logs\/run-1\/[^/]+\.log$/);
    expect(path).toBe(join(store.location, name));
  });
});

describe('a live run', () => {
  const node = (state: RunNode['state'], cause: string): RunNode => ({ state, stage: 'command', cause, params: {} });

  test('stands as its events tell, and so does one whose process is gone', async () => {
    const { store } = open();
    const lock = store.runs.start('run-1');
    store.runs.write({
      ...recordOf('run-1'),
      state: 'live',
      nodes: { a: node('waiting', 'new'), b: node('waiting', 'new'), c: node('waiting', 'new') },
    });
    const events = store.runs.appendEvents('run-1', () => undefined);
    events.write(JSON.stringify({ time: '2026-01-01T00:00:01.000Z', type: 'node-started', node: 'a', cause: 'asked', inputs: {} }));
    events.write(JSON.stringify({ time: '2026-01-01T00:00:02.000Z', type: 'node-ended', node: 'a', outcome: node('executed', 'asked') }));
    events.write(JSON.stringify({ time: '2026-01-01T00:00:03.000Z', type: 'node-started', node: 'b', cause: 'asked', inputs: {} }));
    await events.close();
    const states = (): unknown[] => Object.values(store.runs.read('run-1')?.nodes ?? {}).map(({ state }) => state);
    expect([store.runs.read('run-1')?.state, ...states()]).toEqual(['live', 'executed', 'running', 'waiting']);
    lock.release();
    expect([store.runs.read('run-1')?.state, ...states()]).toEqual(['interrupted', 'executed', 'cancelled', 'skipped']);
    expect(store.runs.read('run-1')?.ended).toBe('2026-01-01T00:00:03.000Z');
    expect([...store.runs.rows()].map(({ state, seconds }) => [state, seconds])).toEqual([['interrupted', 3]]);
  });
});

describe('the nodes of a large run', () => {
  const nodes = Object.fromEntries(
    Array.from({ length: 500 }, (_, index) => [
      `n${index}`,
      {
        state: 'reused',
        stage: 'command',
        cause: 'nothing that counts has changed, as far as anyone can tell',
        params: { index },
      } as const,
    ]),
  );
  const record = (id: string): RunRecord => ({ ...recordOf(id), format: RECORD_FORMAT, nodes });
  const folder = ({ location }: Store): string => join(location, 'runs', 'nodes');

  test('are kept once for all runs that came out alike', () => {
    const { store } = open();
    for (const id of ['run-1', 'run-2']) store.runs.write(record(id));
    expect(readdirSync(folder(store))).toHaveLength(1);
    expect(localStore(store.location).runs.read('run-2')).toEqual(record('run-2'));
    expect(lstatSync(join(store.location, 'runs', 'run-2.json')).size).toBeLessThan(1000);
    expect(store.runs.ids()).toEqual(['run-2', 'run-1']);
  });

  test('are missing with the record where they are damaged, found by verify, and written anew by the next run', async () => {
    const { store } = open();
    store.runs.write(record('run-1'));
    const [file = ''] = readdirSync(folder(store));
    damage(join(folder(store), file));
    const found = (await localStore(store.location).maintenance.verify()).damaged;
    expect(found.map(({ name }) => name)).toEqual(['record of the run run-1', expect.stringMatching(/^nodes of runs /)]);
    store.runs.write(record('run-2'));
    expect(localStore(store.location).runs.read('run-2')).toEqual(record('run-2'));
  });

  test('stay as long as a run has them', () => {
    const { store } = open();
    for (const id of ['run-1', 'run-2']) store.runs.write(record(id));
    store.maintenance.remove(store.maintenance.findGarbage({ runs: 1, days: undefined }));
    expect(readdirSync(folder(store))).toHaveLength(1);
    store.maintenance.remove(store.maintenance.findGarbage({ runs: 0, days: undefined }));
    expect(readdirSync(folder(store))).toEqual([]);
  });

  const changed: RunNode = { state: 'executed', stage: 'command', cause: 'command changed', params: {} };

  test.each([
    ['done', { state: 'done' }],
    ['live', { state: 'live' }],
  ] as const)('that hardly differ from those of a run before are kept as what differs: %s', (_, more) => {
    const { store } = open();
    store.runs.write(record('run-1'));
    const other = localStore(store.location);
    const known = other.runs.read('run-1')?.nodes ?? {};
    const next = { ...record('run-2'), ...more, nodes: { ...known, n7: changed } };
    const lock = other.runs.start('run-2');
    other.runs.write(next);
    expect(readdirSync(folder(store))).toHaveLength(1);
    expect(lstatSync(join(store.location, 'runs', 'run-2.json')).size).toBeLessThan(1000);
    const read = localStore(store.location).runs.read('run-2');
    expect(read).toEqual(next);
    expect(Object.keys(read?.nodes ?? {})).toEqual(Object.keys(nodes));
    lock.release();
  });

  test('are read as a former store has them, on one line', () => {
    const { store } = open();
    const text = JSON.stringify(nodes);
    const digest = sha256(text);
    write(folder(store), { [`${digest}.json`]: text });
    store.runs.writeKept({ ...record('run-1'), nodes: digest }, rowOf(record('run-1')));
    expect(localStore(store.location).runs.read('run-1')).toEqual(record('run-1'));
  });

  test('have whatever names and texts, each as it is', () => {
    const { store } = open();
    const odd = Object.entries(nodes).map(([name, node], index) => [
      `${name}[k="ä漢\\"\n${index}"]`,
      { ...node, params: { text: `"n1":{\n},\u2028` }, cause: '{\n' },
    ]);
    const asked = { ...record('run-1'), nodes: Object.fromEntries(odd) as RunRecord['nodes'] };
    store.runs.write(asked);
    const read = localStore(store.location).runs.read('run-1');
    const [name = ''] = Object.keys(asked.nodes).slice(250);
    expect(read?.nodes[name]).toEqual(asked.nodes[name]);
    expect(read?.nodes['n1']).toBeUndefined();
    expect(read).toEqual(asked);
  });

  test('of which one is more, or many differ, are kept whole', () => {
    const { store } = open();
    store.runs.write(record('run-1'));
    const known = store.runs.read('run-1')?.nodes ?? {};
    store.runs.write({ ...record('run-2'), nodes: { ...known, more: changed } });
    store.runs.write({ ...record('run-3'), nodes: Object.fromEntries(Object.keys(known).map((name) => [name, changed])) });
    expect(readdirSync(folder(store)).length).toBeGreaterThan(1);
    expect(Object.keys(localStore(store.location).runs.read('run-2')?.nodes ?? {})).toHaveLength(501);
  });

  test('stay as long as a run differs from them; a run of which they are damaged is lost', () => {
    const { store } = open();
    store.runs.write(record('run-1'));
    const known = store.runs.read('run-1')?.nodes ?? {};
    store.runs.write({ ...record('run-2'), nodes: { ...known, n7: changed } });
    store.maintenance.remove(store.maintenance.findGarbage({ runs: 1, days: undefined }));
    expect(store.runs.ids()).toEqual(['run-2']);
    expect(localStore(store.location).runs.read('run-2')?.nodes['n7']).toEqual(changed);
    const [file = ''] = readdirSync(folder(store));
    damage(join(folder(store), file));
    expect(localStore(store.location).runs.read('run-2')).toBeUndefined();
  });
});

describe('the record of a run', () => {
  const path = (store: Store, id: string): string => join(store.location, 'runs', `${id}.json`);

  test('of the first format had no seal; all later ones have', () => {
    const { store } = open();
    const indented = (format: number): string => `${JSON.stringify({ ...recordOf('run-1'), format }, null, 1)}\n`;
    write(store.location, { 'runs/run-1.json': indented(1) });
    expect(store.runs.read('run-1')).toEqual(recordOf('run-1'));
    for (const text of [indented(2), JSON.stringify(recordOf('run-1'))]) {
      write(store.location, { 'runs/run-1.json': text });
      expect(store.runs.read('run-1')).toBeUndefined();
    }
  });

  test('counts under its own name only', () => {
    const { store } = open();
    store.runs.write(recordOf('run-1'));
    cpSync(path(store, 'run-1'), path(store, 'run-2'));
    cpSync(path(store, 'run-1'), join(store.location, 'run-1.json'));
    expect([store.runs.read('run-2'), store.runs.read('../run-1'), store.runs.read('run-3')]).toEqual([undefined, undefined, undefined]);
  });

  test('of a run that lives somewhere else is live; its id is taken', () => {
    const { store } = open();
    store.runs.write({ ...recordOf('run-1'), state: 'live' });
    expect(store.runs.read('run-1')?.state).toBe('interrupted');
    const lock = store.runs.start('run-1');
    expect([store.runs.read('run-1')?.state, store.runs.read('run-1')?.state]).toEqual(['live', 'live']);
    expect(() => store.runs.start('run-1')).toThrow('the run id run-1 is taken');
    lock.release();
  });
});

describe('the rows of runs', () => {
  const index = ({ location }: Store): string => readFileSync(join(location, 'index/runs'), 'utf8');
  const ids = ({ runs }: Store): string[] => [...runs.rows()].map(({ run }) => run);

  test('are kept when a run has ended, and read without its record', () => {
    const { store } = open();
    store.runs.write({ ...recordOf('run-1'), state: 'live' });
    expect(existsSync(join(store.location, 'index/runs'))).toBe(false);
    store.runs.write(recordOf('run-1'));
    store.runs.write({ ...recordOf('run-2'), pipeline: 'other' });
    writeFileSync(join(store.location, 'runs/run-1.json'), 'damaged');
    const later = localStore(store.location);
    expect([ids(later), [...later.runs.rows()].map(({ pipeline }) => pipeline)]).toEqual([
      ['run-2', 'run-1'],
      ['other', 'demo'],
    ]);
    expect([...later.runs.all('other')].map(({ id }) => id)).toEqual(['run-2']);
    expect([...later.runs.all('demo')]).toEqual([]);
  });

  test('are made again where they are lost or damaged, of runs that have ended', () => {
    const { store } = open();
    for (const id of ['run-1', 'run-2']) store.runs.write(recordOf(id));
    const { ended: _ended, ...rest } = recordOf('run-3');
    store.runs.write({ ...rest, state: 'live' });
    const whole = index(store);
    for (const text of ['', whole.replace('demo', 'deno'), 'run-1\n\n\0\0\n', whole.replaceAll('run-1', 'run-9')]) {
      write(store.location, { 'index/runs': text });
      const later = localStore(store.location);
      expect([ids(later), ids(later)]).toEqual([
        ['run-3', 'run-2', 'run-1'],
        ['run-3', 'run-2', 'run-1'],
      ]);
      expect([...later.runs.all('demo')].map(({ id }) => id)).toEqual(['run-3', 'run-2', 'run-1']);
      const names = index(store)
        .split('\n')
        .map((line) => line.split(' ')[0]);
      expect(['run-1', 'run-2'].every((name) => names.includes(name))).toBe(true);
      expect(names).not.toContain('run-3');
    }
  });

  test('of another shape are made again', () => {
    const { store } = open();
    const row = { format: ROW_FORMAT + 1, run: 'run-1' };
    write(store.location, { 'index/runs': `run-1 ${sealedLine(JSON.stringify(row))}\n` });
    store.runs.write(recordOf('run-2'));
    write(store.location, { 'runs/run-1.json': sealedJson(recordOf('run-1')) });
    expect([...localStore(store.location).runs.rows()].map(({ format, run }) => [format, run])).toEqual([
      [ROW_FORMAT, 'run-2'],
      [ROW_FORMAT, 'run-1'],
    ]);
  });

  test('tell of a newer record that it is there, and are not kept', () => {
    const { store } = open();
    const record = { ...recordOf('run-1'), format: RECORD_FORMAT + 1, nodes: 'other', params: 'other', sources: 'other', set: 'other' };
    write(store.location, { 'runs/run-1.json': sealedJson(record) });
    expect([...store.runs.rows()]).toMatchObject([{ run: 'run-1', pipeline: 'demo', params: {}, set: [], metrics: {} }]);
    expect(existsSync(join(store.location, 'index/runs'))).toBe(false);
  });

  describe('of runs of many nodes', () => {
    const recordIn = (id: string, rate: number): RunRecord => {
      const nodes = Array.from({ length: 300 }, (_, index): [string, RunRecord['nodes'][string]] => [
        `n${index}`,
        {
          state: 'reused',
          stage: 'command',
          cause: 'nothing has changed',
          params: { index, rate },
          metrics: { score: { value: index, measured: false } },
        },
      ]);
      return { ...recordOf(id), format: RECORD_FORMAT, nodes: Object.fromEntries(nodes) };
    };
    const rowsOf = ({ runs }: Store): unknown[] => [...runs.rows()].map(({ run, params, metrics }) => [run, params, metrics]);
    const wanted = (...runs: readonly (readonly [id: string, rate: number])[]): unknown[] =>
      runs.map(([id, rate]) => {
        const { run, params, metrics } = rowOf(recordIn(id, rate));
        return [run, params, metrics];
      });

    test('share what is long and alike in them', async () => {
      const { store } = open();
      const kept = [['run-3', 2] as const, ['run-2', 1] as const, ['run-1', 1] as const];
      for (const [id, rate] of kept.toReversed()) store.runs.write(recordIn(id, rate));
      const begins = index(store)
        .split('\n')
        .map((line) => line.slice(0, 1));
      expect(begins).toEqual(['#', '#', 'r', 'r', '#', 'r', '']);
      expect(index(store).match(/"n299\.index":299/g)).toHaveLength(2);
      expect([rowsOf(store), rowsOf(localStore(store.location))]).toEqual([wanted(...kept), wanted(...kept)]);
      expect((await localStore(store.location).maintenance.verify()).damaged).toEqual([]);
    });

    test('are made again where what they share is lost or damaged, which verify finds', async () => {
      const { store } = open();
      for (const id of ['run-1', 'run-2']) store.runs.write(recordIn(id, 1));
      const whole = index(store);
      const lines = whole.split('\n');
      for (const text of [
        whole.replace('"n7.index":7', '"n7.index":8'),
        lines.slice(1).join('\n'),
        lines.toReversed().slice(1).join('\n'),
      ]) {
        write(store.location, { 'index/runs': `${text}\n` });
        const later = localStore(store.location);
        expect([rowsOf(later), rowsOf(localStore(store.location))]).toEqual([
          wanted(['run-2', 1], ['run-1', 1]),
          wanted(['run-2', 1], ['run-1', 1]),
        ]);
      }
      write(store.location, { 'index/runs': whole.replace('"n7.index":7', '"n7.index":8') });
      expect((await localStore(store.location).maintenance.verify()).damaged.map(({ name }) => name)).toEqual(['note index/runs']);
    });

    test('keep what they share as long as one of them is there', () => {
      const { store } = open();
      for (const [id, rate] of [
        ['run-1', 1],
        ['run-2', 1],
        ['run-3', 2],
      ] as const)
        store.runs.write(recordIn(id, rate));
      new LocalRuns(store.location).remove(new Set(['run-1', 'run-3']));
      expect(index(store).match(/"n299\.index":299/g)).toHaveLength(1);
      localStore(store.location).runs.write(recordIn('run-4', 2));
      expect(rowsOf(localStore(store.location))).toEqual(wanted(['run-4', 2], ['run-2', 1]));
    });
  });

  test('are gone with their runs', () => {
    const { store } = open();
    for (const id of ['run-1', 'run-2']) store.runs.write(recordOf(id));
    store.maintenance.remove({ ...store.maintenance.findGarbage({ runs: 1, days: undefined }) });
    expect([store.runs.ids(), ids(store), ids(localStore(store.location))]).toEqual([['run-2'], ['run-2'], ['run-2']]);
    expect(
      index(store)
        .split('\n')
        .map((line) => line.split(' ')[0]),
    ).toEqual(['run-2', '']);
  });
});

test('tags name runs until they are deleted; what is no name is no tag', () => {
  const { store } = open();
  store.tags.set('best', 'run-1');
  store.tags.pin('run-2');
  expect([store.tags.read('best'), store.tags.all(), store.tags.pins()]).toEqual(['run-1', [{ name: 'best', run: 'run-1' }], ['run-2']]);
  store.tags.delete('best');
  store.tags.unpin('run-2');
  expect([store.tags.read('best'), store.tags.read('../runs/run-1'), store.tags.all(), store.tags.pins()]).toEqual([
    undefined,
    undefined,
    [],
    [],
  ]);
});

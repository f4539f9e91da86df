import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { open, recordOf } from './stores.ts';

describe('runs', () => {
  test('are live as long as their process holds the lock, then failed', () => {
    const { store } = open();
    const lock = store.runs.start('run-1');
    store.runs.write({ ...recordOf('run-1'), state: 'live' });
    expect(store.runs.read('run-1')?.state).toBe('live');
    lock.release();
    expect(store.runs.read('run-1')?.state).toBe('failed');
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

import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { SweepPlace } from '../../src/model/workplace.ts';
import { asker } from '../executors/fake.ts';
import { open as openStore } from './stores.ts';

describe('locks', () => {
  test('on a piece of work exclude each other, and a stop ends the waiting', async () => {
    const { store } = openStore();
    const never = new AbortController();
    const first = await store.workplaces.claim('work', asker(never.signal));
    let waits = 0;
    const second = store.workplaces.claim(
      'work',
      asker(never.signal, ({ for: [who] }) => {
        waits += 1;
        expect(who?.pid).toBe(process.pid);
      }),
    );
    const stopped = new AbortController();
    const third = store.workplaces.claim(
      'work',
      asker(stopped.signal, () => stopped.abort()),
    );
    expect(await third).toBeUndefined();
    first?.release();
    expect(await second).toBeDefined();
    expect(waits).toBe(1);
    (await second)?.release();
  });

  test('tell whoever claims the work what is left of it, and wait for those who inherited them', async () => {
    const { store } = openStore();
    const never = new AbortController().signal;
    const first = await store.workplaces.claim('work', asker(never));
    const lock = await first?.lock(never);
    const place = store.workplaces.make('work');
    expect(first?.remains).toEqual([]);
    first?.release();
    const second = await store.workplaces.claim('work', asker(never));
    expect(second?.remains.map(({ id, folder }) => ({ id, folder }))).toEqual([{ id: place.id, folder: place.folder }]);
    expect(await second?.lock(AbortSignal.timeout(20))).toBeUndefined();
    lock?.release();
    expect(await second?.lock(never)).toBeDefined();
    second?.remains[0]?.remove();
    expect(existsSync(place.folder)).toBe(false);
  });

  test('on a sweep let one process go on with it', () => {
    const { store } = openStore();
    const { who } = asker();
    const open = (id: string): SweepPlace => store.sweeps.open(id, who) as SweepPlace;
    const first = open('demo-1');
    expect(open('demo-1')).toEqual({ takenBy: who });
    open('demo-2').release();
    first.release();
    const second = open('demo-1');
    expect(second).toMatchObject({ journal: first.journal, folder: first.folder });
    second.release();
  });
});

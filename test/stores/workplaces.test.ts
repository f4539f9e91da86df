import { existsSync, lstatSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { SweepPlace } from '../../src/model/workplace.ts';
import { sha256 } from '../../src/model/canonical.ts';
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

  test('on different works exclude none, and need no file each', async () => {
    const { store } = openStore();
    const never = new AbortController().signal;
    const waiting: unknown[] = [];
    const onWait = ({ for: who }: { readonly for: unknown }): unknown => waiting.push(who);
    const works = ['one', 'other'].map((name) => sha256(name));
    const claims = await Promise.all(works.map((work) => store.workplaces.claim(work, asker(never, onWait))));
    const locks = await Promise.all(claims.map((claim) => claim?.lock(never)));
    expect(locks.every((lock) => lock !== undefined)).toBe(true);
    expect(readdirSync(join(store.location, 'locks')).filter((name) => name !== 'store')).toEqual(['claims', 'holders', 'marks', 'works']);
    // The note of a third work takes the place of one of theirs: of that it is not known who has it, but that someone has.
    const [first = ''] = works;
    const third = await store.workplaces.claim(`${first.slice(0, 8)}${'0'.repeat(56)}`, asker(never));
    const stopped = new AbortController();
    const onStop = (wait: Parameters<typeof onWait>[0]): void => {
      onWait(wait);
      stopped.abort();
    };
    expect(await store.workplaces.claim(first, asker(stopped.signal, onStop))).toBeUndefined();
    expect(waiting).toEqual([[]]);
    for (const claim of [...claims, third]) claim?.release();
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

describe('the folders of an attempt that has ended', () => {
  const inodes = (folder: string): number[] => ['', 'home', 'saved', 'tmp', 'work'].map((name) => lstatSync(join(folder, name)).ino);

  test('are emptied and given to another, which has a name of its own', () => {
    const { store } = openStore();
    const first = store.workplaces.make('one');
    const made = inodes(first.folder);
    mkdirSync(join(first.folder, 'work/deep/er'), { recursive: true });
    writeFileSync(join(first.folder, 'work/deep/er/file'), 'left');
    expect(first.giveOn()).toEqual([]);
    expect(existsSync(first.folder)).toBe(false);
    const second = store.workplaces.make('another');
    expect(second.id).toMatch(/^another-/);
    expect(inodes(second.folder)).toEqual(made);
    expect(readdirSync(second.folder, { recursive: true }).sort()).toEqual(['home', 'saved', 'tmp', 'work']);
  });

  test.each<readonly [string, (folder: string) => void]>([
    ['that lacks one of them', (folder) => rmSync(join(folder, 'tmp'), { recursive: true })],
    ['in which lies more', (folder) => mkdirSync(join(folder, 'more'))],
  ])('are removed where it is one %s', (_, change) => {
    const { store } = openStore();
    store.workplaces.make('first').giveOn();
    const place = store.workplaces.make('work');
    change(place.folder);
    expect(place.giveOn()).toEqual([]);
    expect(readdirSync(join(store.location, 'scratch'))).toEqual([]);
  });

  test('are gone when the store is tidied, as it is at the end of a run', () => {
    const { store } = openStore();
    store.workplaces.make('work').giveOn();
    expect(readdirSync(join(store.location, 'scratch'))).toHaveLength(1);
    store.flush();
    expect(readdirSync(join(store.location, 'scratch'))).toEqual([]);
    expect(readdirSync(store.workplaces.make('work').folder).sort()).toEqual(['home', 'saved', 'tmp', 'work']);
  });
});

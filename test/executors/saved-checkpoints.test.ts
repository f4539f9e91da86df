import { readdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Checkpoints } from '../../src/executors/job/checkpoints.ts';
import { SavedCheckpoints } from '../../src/executors/job/saved-checkpoints.ts';
import { emptyFolder, write } from '../rig.ts';
import { machines, whyNotShared } from '../stores/shared/machines.ts';

const synced: string[] = [];
let restore = (): void => undefined;

beforeEach(async () => {
  const handle = await open('/dev/null');
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  const own = prototype.sync;
  prototype.sync = function (this: FileHandle) {
    synced.push(readlinkSync(`/proc/self/fd/${this.fd}`));
    return own.call(this);
  };
  restore = () => {
    prototype.sync = own;
  };
  await handle.close();
});

afterEach(() => {
  restore();
  synced.length = 0;
});

test('what a stage has saved is on the disk before its attempt ends: the files, then the folders that name them', async () => {
  const folder = emptyFolder();
  write(folder, { 'work/complete-1/state': 'saved', 'work/complete-1/deep/more': 'too', elsewhere: 'not its own' });
  symlinkSync(join(folder, 'elsewhere'), join(folder, 'work/complete-1/link'));
  const checkpoints = new SavedCheckpoints(join(folder, 'work'));
  checkpoints.saved('complete-1');
  await checkpoints.settled();
  const paths = ['work/complete-1/deep/more', 'work/complete-1/deep', 'work/complete-1/state', 'work/complete-1', 'work', ''];
  expect(synced).toEqual(paths.map((path) => join(folder, path)));
});

test('one that is gone already, and a name that no checkpoint has, are passed over', async () => {
  const folder = emptyFolder();
  write(folder, { 'work/complete-3/state': 'saved', secret: 'not its own' });
  const checkpoints = new SavedCheckpoints(join(folder, 'work'));
  for (const name of ['complete-2', '../secret', 'complete-3/..', 'complete-3']) checkpoints.saved(name);
  await checkpoints.settled();
  expect(synced.map((path) => path.slice(folder.length))).toEqual(['/work/complete-3/state', '/work/complete-3', '/work', '']);
});

const whyNot = whyNotShared();

test.skipIf(whyNot !== undefined)(
  `one that is still being synced on a file server is no failure when it counts no more${whyNot === undefined ? '' : ` (${whyNot})`}`,
  async () => {
    const { all, end } = await machines(emptyFolder(), 0, 1);
    try {
      const checkpoints = new Checkpoints(all[0]?.folder ?? '');
      const save = (text: string): void => {
        const folder = checkpoints.open();
        write(folder, { state: text });
        checkpoints.complete(folder);
      };
      save('first');
      const file = await open(join(all[0]?.folder ?? '', 'complete-1/state'));
      for (const text of ['second', 'third']) save(text);
      await file.close();
      expect(readdirSync(all[0]?.folder ?? '')).toEqual(expect.arrayContaining(['complete-2', 'complete-3']));
    } finally {
      end();
    }
  },
);

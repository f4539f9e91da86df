import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CheckpointFolder } from '../../src/executors/job/checkpoint-folder.ts';
import { emptyFolder } from '../rig.ts';

/** An attempt with an empty folder of its own, and where the checkpoints of its work lie. */
function attempt() {
  const folder = emptyFolder();
  const [checkpoints, own] = [join(folder, 'checkpoints/work'), join(folder, 'attempt/saved')];
  for (const path of [join(folder, 'checkpoints'), own]) mkdirSync(path, { recursive: true });
  return { checkpoints, own, inode: lstatSync(own).ino, place: new CheckpointFolder({ checkpoints, folder: join(folder, 'attempt') }) };
}

test("the folder of checkpoints is the attempt's own one, and is that again where nothing was saved", () => {
  const { checkpoints, own, inode, place } = attempt();
  place.make();
  expect({ inode: lstatSync(checkpoints).ino, isOwn: existsSync(own) }).toEqual({ inode, isOwn: false });
  place.leave();
  expect({ inode: lstatSync(own).ino, isLeft: existsSync(checkpoints) }).toEqual({ inode, isLeft: false });
});

test('what was saved stays, and so does what was there before', () => {
  const { checkpoints, own, inode, place } = attempt();
  place.make();
  writeFileSync(join(checkpoints, 'saved'), 'x');
  place.leave();
  expect({ names: readdirSync(checkpoints), isOwn: existsSync(own) }).toEqual({ names: ['saved'], isOwn: false });
  mkdirSync(own);
  place.make();
  place.leave();
  expect({ inode: lstatSync(checkpoints).ino, names: readdirSync(checkpoints) }).toEqual({ inode, names: ['saved'] });
});

test("a folder that was changed while it was empty is no one else's: it is removed", () => {
  const { checkpoints, own, place } = attempt();
  place.make();
  chmodSync(checkpoints, 0o777);
  place.leave();
  expect({ isLeft: existsSync(checkpoints), isOwn: existsSync(own) }).toEqual({ isLeft: false, isOwn: false });
});

test('one is made where the attempt has none, with the folder above it', () => {
  const folder = emptyFolder();
  const place = new CheckpointFolder({ checkpoints: join(folder, 'checkpoints/work'), folder: join(folder, 'attempt') });
  place.make();
  expect(readdirSync(join(folder, 'checkpoints'))).toEqual(['work']);
  place.leave();
  expect(readdirSync(join(folder, 'checkpoints'))).toEqual([]);
});

import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeClassFolders } from '../data/class-folders.ts';
import { checkout, emptyFolder, stillroom } from '../rig.ts';

test('a given split of photographs behind links becomes a model, and one that has learned nothing is told so', async () => {
  const room = emptyFolder();
  const cache = join(room, 'cache');
  // Many of one class: a network that has seen next to nothing names it for all.
  for (const [part, each] of [
    ['train', 5],
    ['val', 2],
  ] as const) {
    await writeClassFolders(join(cache, part), { classes: ['coat'], each: 4 * each, size: 32 });
    await writeClassFolders(join(cache, part), { classes: ['hat', 'shoe'], each, size: 32 });
  }
  const images = emptyFolder();
  for (const part of ['train', 'val']) symlinkSync(join(cache, part), join(images, part));
  const small = ['size=16', 'student.epochs=1', 'student.lr=1e-9', 'benchmark.images=5', 'benchmark.rounds=1', 'benchmark.warmup=0'];
  const { code, stdout, stderr } = await stillroom(checkout, [
    ...['run', 'photographs', '--no-wait', '--follow-links', '--store', join(room, 'store')],
    ...[`sources.images=${images}`, ...small].flatMap((one) => ['--set', one]),
  ]);
  expect(code, stderr).toBe(0);
  const shown = Object.fromEntries([...stdout.matchAll(/^ {2}(\S+) +(\S+)/gm)].map(([, name = '', value]) => [name, value]));
  expect(shown).toMatchObject({ 'benchmark.majority': '0.66667', 'student.majority': '0.66667', 'benchmark.accuracy': expect.any(String) });
  expect(stderr).toMatch(
    /benchmark: the model (?:is right on .* of the 12 test images, where "coat" for every image is on 0\.6667|never gives)/,
  );
}, 300_000);

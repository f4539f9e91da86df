import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { checkout, copyOf, emptyFolder, type Printed, stillroom, write } from '../rig.ts';

const fashion = join(checkout, 'pipelines/quickstart/fashion');

/** An idx file of some of the bundled images or labels: every n-th, so that all classes are there. */
function someOf(name: string, count: number): Buffer {
  const all = gunzipSync(readFileSync(join(fashion, name)));
  const header = all[3] === 3 ? 16 : 8;
  const each = header === 16 ? 28 * 28 : 1;
  const have = all.readUInt32BE(4);
  const picked = Array.from({ length: count }, (_, index) => header + Math.floor((index * have) / count) * each);
  const head = Buffer.from(all.subarray(0, header));
  head.writeUInt32BE(count, 4);
  return gzipSync(Buffer.concat([head, ...picked.map((start) => all.subarray(start, start + each))]));
}

const small = ['teacher.epochs=1', 'student.epochs=2', 'finetune.epochs=2', 'average.last=2', 'benchmark.images=10', 'benchmark.rounds=1'];

test('a small quickstart reproduces bit for bit from its hash, in another folder, time zone and locale and with other --jobs', async () => {
  const images = emptyFolder();
  write(images, {
    'classes.txt': readFileSync(join(fashion, 'classes.txt')),
    'train-images-idx3-ubyte.gz': someOf('train-images-idx3-ubyte.gz', 100),
    'train-labels-idx1-ubyte.gz': someOf('train-labels-idx1-ubyte.gz', 100),
    't10k-images-idx3-ubyte.gz': someOf('t10k-images-idx3-ubyte.gz', 20),
    't10k-labels-idx1-ubyte.gz': someOf('t10k-labels-idx1-ubyte.gz', 20),
  });
  const store = join(emptyFolder(), 'store');
  const sets = [`sources.images=${images}`, ...small].flatMap((one) => ['--set', one]);
  const run = await stillroom(checkout, ['run', 'quickstart', '--json', '--store', store, ...sets]);
  expect(run.code, run.stderr).toBe(0);
  expect(run.json.executed).toHaveLength(16);
  const elsewhere = copyOf(store);
  const reproduced = await stillroom(emptyFolder(), ['reproduce', run.json.hash ?? '', '--json', '--store', elsewhere, '--jobs', '1'], {
    env: { TZ: 'Asia/Tokyo', LC_ALL: 'C', LANG: 'tr_TR.UTF-8' },
  });
  const { verdict, artifacts } = reproduced.json as Printed & {
    verdict: string;
    artifacts: readonly { node: string; port: string; verdict: string }[];
  };
  expect(artifacts.filter((artifact) => artifact.verdict === 'different')).toEqual([]);
  expect(verdict).toBe('identical');
  expect(reproduced.code, reproduced.stderr).toBe(0);
}, 400_000);

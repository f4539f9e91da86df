// From a folder of photographs to the end of the first epoch at 224 px, beside PyTorch with a DataLoader of two workers:
//
//   npm run bench -- first-epoch --python PYTHON [--images 2000] [--pairs 9]
//
// Both sides are whole commands, their start included. Ours decodes once and packs, so every later epoch and run is spared that.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { randomFor } from '../../src/nn/random.ts';
import { intervalOf, medianOf } from './measuring/statistics.ts';

const classes = 10;
const TARGET = 1.2;

/** Photographs of 400 × 300 pixels: noise, blown up to be as hard to decode as pictures are. */
async function makePhotographs(folder: string, count: number): Promise<void> {
  const random = randomFor(3);
  for (let image = 0; image < count; image++) {
    const place = join(folder, `class-${image % classes}`);
    mkdirSync(place, { recursive: true });
    const raw = Buffer.from(Uint8Array.from({ length: 40 * 30 * 3 }, () => random.integer(256)));
    const picture = sharp(raw, { raw: { width: 40, height: 30, channels: 3 } }).resize(400, 300, { kernel: 'cubic' });
    await picture.jpeg({ quality: 90 }).toFile(join(place, `${image}.jpg`));
  }
}

/** The seconds of a command, which must end well. */
function timed(command: string, args: readonly string[]): number {
  const started = performance.now();
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ended with ${status}:\n${stderr.slice(-2000)}`);
  return (performance.now() - started) / 1000;
}

const { values: given } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' },
    images: { type: 'string', default: '2000' },
    pairs: { type: 'string', default: '9' },
  },
});
const { python } = given;
const pairs = Number(given.pairs);
const folder = mkdtempSync(join(tmpdir(), 'stillroom-first-epoch-'));
try {
  const images = join(folder, 'images');
  await makePhotographs(images, Number(given.images));
  const ratios: number[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    const store = join(folder, `store-${pair}`);
    const sides = [
      () =>
        timed(process.execPath, [
          'dist/cli.js',
          'run',
          'test/bench/first-epoch.yaml',
          '--store',
          store,
          '--set',
          `sources.images=${images}`,
        ]),
      () => timed(python, ['test/bench/first-epoch.py', images, '224', '256', '64']),
    ] as const;
    const first = sides[pair % 2 === 0 ? 0 : 1]();
    const second = sides[pair % 2 === 0 ? 1 : 0]();
    const [ours, torch] = pair % 2 === 0 ? [first, second] : [second, first];
    rmSync(store, { recursive: true });
    ratios.push(torch / ours);
    console.log(`ours ${ours.toFixed(1)} s, PyTorch ${torch.toFixed(1)} s`);
  }
  const [low, high] = intervalOf(ratios);
  const met = low > 0.95 * TARGET ? 'met' : 'not met';
  console.log(
    `PyTorch / ours: ${medianOf(ratios).toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}], target ${TARGET.toFixed(2)}: ${met}`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

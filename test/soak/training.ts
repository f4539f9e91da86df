import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { checkpointsIn, trainingIn, writePaintedFolds } from '../training-process.ts';

/**
 * Trains a small student many times, each time in a process of its own as every node has one, and once for many steps. Fails unless all
 * trainings end, with the same weights to the bit, and the long one's resident memory stays flat in its second half.
 *
 *   npm run soak -- training [--trainings 300] [--steps 10000]
 */
const { values } = parseArgs({ options: { trainings: { type: 'string', default: '300' }, steps: { type: 'string', default: '10000' } } });
const trainings = Number(values.trainings);
const steps = Number(values.steps);

const cli = resolve('dist/cli.js');
const folder = mkdtempSync(join(tmpdir(), 'stillroom-soak-'));
const store = join(folder, 'artifacts');
/** Trainings of one run. */
const atOnce = 50;
/** Steps of an epoch of the long training; its memory is judged by the least of each epoch. */
const window = Math.ceil(steps / 20);
/** Steps in which memory may grow: caches are filled and heaps find their size. A leak goes on after them. */
const settling = 10 * window;
/** Bytes by which it may grow after them. */
const limit = 16 * 2 ** 20;
const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** A pipeline of one node: a student of 16 × 16 pixels, in batches of 8. */
function pipeline(name: string, node: string): string {
  const file = join(folder, `${name}.yaml`);
  const common = 'size: 16, batch: 8, optimizer: adam, lr: 0.002, seed: 3';
  writeFileSync(
    file,
    `name: ${name}
sources: { data: data, split: split.json }
stages:
  student:
    uses: train-student
    in: { data: $sources.data, split: $sources.split }
${node.replace('COMMON', common)}
`,
  );
  return file;
}

interface Printed {
  readonly executed?: readonly string[];
  readonly failed?: readonly string[];
  readonly outputs?: Readonly<Record<string, string>>;
}

/** One run of so many equal trainings: only their patience differs, which none comes to the end of. Gives the digests of the weights. */
function trainAll(first: number, count: number): string[] {
  const patience = Array.from({ length: count }, (_, index) => 1000 + first + index);
  const file = pipeline(
    'short',
    `    matrix: { patience: [${patience.join(', ')}] }
    with: { COMMON, patience: $patience, epochs: 2, epoch_length: 40 }
    resources: { cpu: 1 }`,
  );
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, 'run', file, '--json', '--store', store], {
    cwd: folder,
    env: { ...process.env, CI: '1' },
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  const { executed = [], failed = [], outputs = {} } = JSON.parse(stdout) as Printed;
  if (status !== 0 || executed.length !== count) {
    throw new Error(`${executed.length} of ${count} trainings ended; failed: ${failed.join(' ')}\n${stderr.slice(-4000)}`);
  }
  const models = Object.entries(outputs).filter(([name]) => name.endsWith('.model'));
  return models.map(([, path]) =>
    createHash('sha256')
      .update(readFileSync(join(path, 'weights.safetensors')))
      .digest('hex'),
  );
}

function soakProcesses(): boolean {
  const digests: string[] = [];
  const started = performance.now();
  for (let first = 0; first < trainings; first += atOnce) {
    digests.push(...trainAll(first, Math.min(atOnce, trainings - first)));
    print(`${digests.length} trainings, ${new Set(digests).size} set of bits, ${Math.round((performance.now() - started) / 1000)} s`);
  }
  return digests.length === trainings && new Set(digests).size === 1;
}

/** The resident bytes of a process; undefined once it has ended. */
function residentBytes(pid: number): number | undefined {
  try {
    const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kibibytes === undefined ? undefined : 1024 * Number(kibibytes);
  } catch {
    return undefined;
  }
}

interface Sample {
  /** The steps done when the window began. */
  readonly step: number;
  /** The least resident memory in it: what is garbage only waits to be freed. */
  readonly bytes: number;
}

/** Trains for many steps and looks at the training's memory until it has ended. */
async function sampleMemory(): Promise<{ readonly code: number | null; readonly samples: readonly Sample[] }> {
  const own = join(folder, 'long');
  const file = pipeline('long', `    with: { COMMON, epochs: 20, epoch_length: ${8 * window} }`);
  const run = spawn(process.execPath, [cli, 'run', file, '--plain', '--store', own], {
    cwd: folder,
    env: { ...process.env, CI: '1' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = new Promise<number | null>((done) => run.on('exit', done));
  const least = new Map<number, number>();
  while (run.exitCode === null && run.signalCode === null) {
    const pid = trainingIn(own);
    const { step } = checkpointsIn(own);
    const bytes = pid === undefined ? undefined : residentBytes(pid);
    if (bytes !== undefined) least.set(step, Math.min(bytes, least.get(step) ?? Number.POSITIVE_INFINITY));
    await sleep(50);
  }
  // Before the first checkpoint the process only begins; after the last, report and model are written.
  const samples = [...least].map(([step, bytes]) => ({ step, bytes })).filter(({ step }) => step > 0 && step < 20 * window);
  return { code: await ended, samples };
}

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

/** The slope of the straight line that fits samples best, in bytes a step. */
function slopeOf(samples: readonly Sample[]): number {
  const [x, y] = [mean(samples.map(({ step }) => step)), mean(samples.map(({ bytes }) => bytes))];
  const across = samples.reduce((sum, { step }) => sum + (step - x) ** 2, 0);
  return across === 0 ? 0 : samples.reduce((sum, { step, bytes }) => sum + (step - x) * (bytes - y), 0) / across;
}

async function soakMemory(): Promise<boolean> {
  const { code, samples } = await sampleMemory();
  for (const { step, bytes } of samples) print(`from step ${String(step).padStart(5)}: ${mebibytes(bytes)} MiB resident`);
  const settled = samples.filter(({ step }) => step >= settling);
  const slope = slopeOf(settled);
  const growth = slope * ((settled.at(-1)?.step ?? 0) - (settled[0]?.step ?? 0));
  print(
    `after step ${settling}: ${mebibytes(1000 * slope)} MiB in 1,000 steps, ${mebibytes(growth)} MiB in all (limit ${mebibytes(limit)})`,
  );
  return code === 0 && growth < limit;
}

try {
  mkdirSync(store);
  writePaintedFolds(folder, 64);
  const isSame = soakProcesses();
  const isFlat = await soakMemory();
  print(isSame && isFlat ? 'all trainings ended with the same bits, and memory is flat' : 'failed: see above');
  process.exitCode = isSame && isFlat ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

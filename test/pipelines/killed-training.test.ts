import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { checkout, emptyFolder, stillroom, write } from '../rig.ts';
import { checkpointsIn, trainingIn, writePaintedFolds } from '../training-process.ts';

const epochs = 4;
/** 80 images outside of fold 0, in batches of two. */
const perEpoch = 40;
const pipeline = `name: killed
sources: { data: data, split: split.json }
stages:
  student:
    uses: train-student
    in: { data: $sources.data, split: $sources.split }
    with: { size: 16, batch: 2, epochs: ${epochs}, stop_after: ${epochs}, optimizer: adam, lr: 0.002, seed: 3 }
`;

/** A folder with a pipeline that trains a student on 160 painted images. */
function project(): string {
  const folder = emptyFolder();
  write(folder, { 'artifacts/.gitignore': '*\n', 'pipeline.yaml': pipeline });
  writePaintedFolds(folder, 160);
  return folder;
}

const started: number[] = [];
afterAll(() => {
  for (const pid of started) if (existsSync(`/proc/${pid}`)) process.kill(pid, 'SIGKILL');
});

/** Runs the project until the training has saved so many checkpoints, goes on a little into the next epoch, and kills a process of it. */
async function killAfter(checkpoints: number, folder: string, whose: 'training' | 'coordinator'): Promise<void> {
  const coordinator = spawn(process.execPath, [join(checkout, 'dist/cli.js'), 'run', 'pipeline.yaml'], {
    cwd: folder,
    env: { ...process.env, CI: '1' },
    stdio: 'ignore',
  });
  started.push(coordinator.pid ?? 0);
  const ended = new Promise<number | null>((resolve) => coordinator.on('exit', resolve));
  while (coordinator.exitCode === null && (checkpointsIn(join(folder, 'artifacts')).numbers.at(-1) ?? 0) < checkpoints) await sleep(10);
  await sleep(100);
  const pid = whose === 'training' ? trainingIn(join(folder, 'artifacts')) : coordinator.pid;
  if (pid === undefined) throw new Error('The training cannot be found among the processes.');
  process.kill(pid, 'SIGKILL');
  expect(await ended).not.toBe(0);
}

/** Runs the project to its end; gives the run's hash and the weights. */
async function trainOn(folder: string): Promise<{ readonly hash: string | null | undefined; readonly weights: Buffer }> {
  const run = await stillroom(folder, ['run', 'pipeline.yaml', '--json']);
  expect(run.code, run.stderr).toBe(0);
  return { hash: run.json.hash, weights: readFileSync(join(run.json.outputs?.['student.model'] ?? '', 'weights.safetensors')) };
}

test('a training that is killed twice goes on from its last complete epoch, to the bits of one that never was', async () => {
  const folder = project();
  await killAfter(1, folder, 'training');
  const first = checkpointsIn(join(folder, 'artifacts')).step;
  await killAfter(2, folder, 'coordinator');
  const second = checkpointsIn(join(folder, 'artifacts')).step;
  expect([first % perEpoch, second % perEpoch]).toEqual([0, 0]);
  expect(second).toBeGreaterThan(first);
  expect(second).toBeLessThan(epochs * perEpoch);
  const killed = await trainOn(folder);
  // As many checkpoints as epochs, of which a budget leaves the last: none was trained and saved again.
  const { numbers, step } = checkpointsIn(join(folder, 'artifacts'));
  expect([numbers.at(-1), step]).toEqual([epochs, epochs * perEpoch]);
  const whole = await trainOn(project());
  expect(killed.weights.equals(whole.weights)).toBe(true);
  expect(killed.hash).toBe(whole.hash);
}, 180_000);

// The callbacks of src/python in the real packages: a training that is killed twice goes on from its checkpoints, tells its curve, goes on with a
// larger budget, and is swept by asha.
//
//   npm run soak -- python [--python FILE] [lightning huggingface keras sklearn]
//
// Without --python the packages are installed into an environment in a temporary folder, which takes several gigabytes and minutes.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Event } from '../../src/model/event.ts';
import { openProject } from '../../src/project/project.ts';

const PACKAGES = [
  'torch==2.15.0',
  'transformers==5.24.0',
  'accelerate==1.15.0',
  'lightning==2.6.6',
  'keras==3.15.1',
  'scikit-learn==1.9.1',
];
const FRAMEWORKS = ['lightning', 'huggingface', 'keras', 'sklearn'];

function installed(folder: string): string {
  const python = join(folder, 'venv/bin/python');
  const steps: readonly (readonly [string, readonly string[]])[] = [
    ['python3', ['-m', 'venv', join(folder, 'venv')]],
    [python, ['-m', 'pip', 'install', '--quiet', ...PACKAGES]],
  ];
  for (const [program, args] of steps)
    if (spawnSync(program, args, { stdio: 'inherit' }).status !== 0) throw new Error(`${program} failed`);
  return python;
}

function pipelineOf(framework: string, python: string): string {
  return `name: ${framework}
stages:
  work:
    run: ${python} src/${framework}_training.py
    in: { code: { from: ./src, at: src } }
    with: { epochs: 4, rate: 0.01 }
    out: { model: model.txt }
    metrics: { goals: { loss: minimize } }
    budget: epochs
sweep:
  over: { work.rate: [0.001, 0.01, 0.05] }
  strategy: { name: asha, budget: work.epochs, from: 2, to: 4, factor: 2 }
  objective: { minimize: work.loss }
  trials: 3
`;
}

/** What a run came to: its state, how its program began, and the steps of its curve. */
async function tried(folder: string, set: readonly string[] = []) {
  const project = openProject({ folder });
  const events: Event[] = [];
  const ended = await project.run('pipeline.yaml', { set, onEvent: (event) => events.push(event) });
  project.close();
  if (!ended.ok) throw new Error(ended.problems[0]?.message);
  const lines = events.flatMap((event) => (event.type === 'node-log' ? [event.line] : []));
  const steps = events.flatMap((event) => (event.type === 'node-metric' && event.name === 'loss' ? [event.step] : []));
  const begun = lines.find((line) => line === 'begun' || line === 'resumed');
  return { state: ended.value.record.state, begun, steps, problem: ended.value.problems[0]?.message, lines };
}

async function check(framework: string, python: string, root: string): Promise<boolean> {
  const folder = join(root, framework);
  cpSync(resolve('test/soak/python'), join(folder, 'src'), { recursive: true });
  writeFileSync(join(folder, 'pipeline.yaml'), pipelineOf(framework, python));
  const attempts = [await tried(folder), await tried(folder), await tried(folder), await tried(folder, ['work.epochs=6'])];
  const project = openProject({ folder });
  const swept = await project.sweep('pipeline.yaml', {});
  project.close();
  for (const { state, begun, steps, problem } of attempts)
    process.stdout.write(`${framework}: ${state}, ${begun}, steps ${steps.join(' ')}${problem === undefined ? '' : ` (${problem})`}\n`);
  const good =
    attempts.map(({ state }) => state).join() === 'failed,failed,done,done' &&
    attempts.map(({ begun }) => begun).join() === 'begun,resumed,resumed,resumed' &&
    swept.ok;
  if (!good) process.stdout.write(`${attempts.map(({ lines }) => lines.slice(-12).join('\n')).join('\n---\n')}\n`);
  process.stdout.write(`${framework}: ${good ? 'as it should' : 'NOT as it should'}\n`);
  return good;
}

const args = process.argv.slice(2);
const at = args.indexOf('--python');
const given = at === -1 ? undefined : args[at + 1];
const wanted = args.filter((_, index) => at === -1 || (index !== at && index !== at + 1));
const root = mkdtempSync(join(tmpdir(), 'stillroom-soak-'));
try {
  const python = given ?? installed(root);
  const results: boolean[] = [];
  for (const framework of wanted.length === 0 ? FRAMEWORKS : wanted) results.push(await check(framework, python, root));
  process.exitCode = results.every(Boolean) ? 0 : 1;
} finally {
  rmSync(root, { recursive: true, force: true });
}

// Nodes as jobs of a real Ray: its tests, then runs whose coordinators are killed.
//
//   npm run soak -- ray [--ray FILE] [KILLS]
//
// Without --ray it is installed into an environment in a temporary folder, which takes 400 MB. KILLS: how many coordinators are killed (20).
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Ray, startRay } from '../executors/ray/rays.ts';

const PACKAGE = 'ray[default]==2.60.0';

const NODES = 6;

/** Steps of a linear congruential generator, for the moments at which coordinators are killed. */
function* drawn(seed: number): Generator<number> {
  for (let state = seed; ; ) {
    state = (1_664_525 * state + 1_013_904_223) % 2 ** 32;
    yield state / 2 ** 32;
  }
}

function installed(folder: string): string {
  const python = join(folder, 'venv/bin/python');
  const steps: readonly (readonly [string, readonly string[]])[] = [
    ['python3', ['-m', 'venv', join(folder, 'venv')]],
    [python, ['-m', 'pip', 'install', '--quiet', PACKAGE]],
  ];
  for (const [program, args] of steps)
    if (spawnSync(program, args, { stdio: 'inherit' }).status !== 0) throw new Error(`${program} failed`);
  return join(folder, 'venv/bin/ray');
}

/** A project of nodes in two chains; each notes that it began. */
function writeProject(folder: string, address: string): void {
  mkdirSync(folder);
  const nodes = Array.from({ length: NODES }, (_, index) => {
    const after = index < 2 ? '' : `, in: { before: n${index - 2}.out }`;
    const run = `echo ${index} >> ${join(folder, 'began')}; sleep 2; echo ${index} > "$out"`;
    return `  n${index}: { run: '${run}', out: { out: out.txt }${after} }\n`;
  });
  writeFileSync(join(folder, 'stillroom.yaml'), `executors:\n  far: { kind: ray, address: '${address}', poll: 1s }\n`);
  writeFileSync(join(folder, 'pipeline.yaml'), `name: far\nstages:\n${nodes.join('')}`);
}

/** A coordinator that is killed after some milliseconds, unless it has ended by then; how it ended. */
async function coordinated(folder: string, milliseconds: number): Promise<number | 'killed'> {
  const args = [resolve('dist/cli.js'), 'run', '--executor', 'far'];
  const env = { ...process.env, XDG_CACHE_HOME: join(folder, 'cache'), CI: '1' };
  const child = spawn(process.execPath, args, { cwd: folder, env, stdio: 'ignore' });
  const ended = new Promise<number | 'killed'>((done) => child.once('exit', (code) => done(code ?? 'killed')));
  const timer = setTimeout(() => child.kill('SIGKILL'), milliseconds);
  const end = await ended;
  clearTimeout(timer);
  return end;
}

/** Runs of the same pipeline, each in a folder of its own, until so many coordinators were killed; what went wrong. */
async function killed(ray: Ray, root: string, kills: number): Promise<readonly string[]> {
  const wrong: string[] = [];
  const draws = drawn(16);
  let [count, runs] = [0, 0];
  while (count < kills) {
    const folder = join(root, `run-${runs}`);
    writeProject(folder, ray.address);
    runs += 1;
    for (let end: number | 'killed' = 'killed'; end === 'killed'; ) {
      end = await coordinated(folder, count < kills ? 2000 + 6000 * (draws.next().value as number) : 600_000);
      if (end === 'killed') count += 1;
      else if (end !== 0) wrong.push(`run ${runs} ended with exit code ${end}`);
    }
    const began = readFileSync(join(folder, 'began'), 'utf8')
      .split('\n')
      .filter((line) => line !== '');
    if (began.length !== NODES) wrong.push(`run ${runs}: nodes began ${began.length} times, not ${NODES}: ${began.join(' ')}`);
    while ((await ray.living()).length > 0) await sleep(100);
  }
  process.stdout.write(
    `${count} coordinators of ${runs} runs killed: ${wrong.length === 0 ? 'each node began once, no job was left' : wrong.join('; ')}\n`,
  );
  return wrong;
}

const args = process.argv.slice(2);
const at = args.indexOf('--ray');
const given = at === -1 ? undefined : args[at + 1];
const [kills = '20'] = args.filter((_, index) => at === -1 || (index !== at && index !== at + 1));
const root = mkdtempSync(join(tmpdir(), 'stillroom-soak-'));
try {
  const program = given ?? installed(root);
  const tests = [
    'vitest',
    'run',
    '--config',
    'test/vitest.config.ts',
    '--no-file-parallelism',
    'test/executors/ray/ray',
    'test/executors/ray/run',
  ];
  const { status } = spawnSync('npx', tests, { stdio: 'inherit', env: { ...process.env, STILLROOM_RAY: program } });
  const ray = await startRay(join(root, 'ray'), program);
  try {
    const wrong = await killed(ray, root, Number(kills));
    process.exitCode = status === 0 && wrong.length === 0 ? 0 : 1;
  } finally {
    await ray.end();
  }
} finally {
  rmSync(root, { recursive: true, force: true });
}

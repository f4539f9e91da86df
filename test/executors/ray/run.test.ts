import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { checkout, emptyFolder, isAlive, stillroom, write } from '../../rig.ts';
import { type Ray, realRay, startRay } from './rays.ts';

const CANARY = 'canary-2604-secret';
const cache = emptyFolder();
let ray: Ray;

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

/** A project of one long node, which waits to be released. */
interface Project {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly counter: () => string;
  readonly release: () => void;
}

const WAITS = 'echo x >> "$COUNTER"; while test ! -e "$RELEASE"; do sleep 0.05; done; echo whole > "$out"';

/**
 * @param run What the node does.
 * @param node More of it, as members of YAML.
 * @param settings More of the executor.
 */
function project(run: string, node = '', settings = ''): Project {
  const folder = emptyFolder();
  write(folder, {
    'artifacts/.gitignore': '*\n',
    'stillroom.yaml': `executors:\n  far: { kind: ray, poll: 0.3s${settings} }\n`,
    'pipeline.yaml': `name: far
stages:
  works:
    run: |
      ${run}
    executor: far
    env: { COUNTER: ${join(folder, 'counter')}, RELEASE: ${join(folder, 'release')}, TOKEN: { secret: true } }
    out: { out: out.txt }${node === '' ? '' : `\n    ${node}`}
`,
  });
  const env = { TOKEN: CANARY, XDG_CACHE_HOME: cache, RAY_ADDRESS: ray.address };
  const counter = (): string => (existsSync(join(folder, 'counter')) ? readFileSync(join(folder, 'counter'), 'utf8') : '');
  return { folder, env, counter, release: () => write(folder, { release: '' }) };
}

/** The job of a project's node, once it has begun. */
async function begun({ counter }: Project, times = 1): Promise<string> {
  while (counter().split('x').length <= times) await sleep(50);
  const [id = ''] = await ray.living();
  return id;
}

interface Coordinator {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  /** Waits until it has printed a text. */
  readonly says: (text: string) => Promise<void>;
}

function coordinator({ folder, env }: Project): Coordinator {
  const args = [join(checkout, 'dist/cli.js'), 'run', 'pipeline.yaml'];
  const child = spawn(process.execPath, args, { cwd: folder, env: { ...process.env, CI: '1', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
  const says = async (text: string): Promise<void> => {
    while (!printed.includes(text)) await sleep(20);
  };
  return { child, ended: new Promise((resolve) => child.once('exit', resolve)), says };
}

const run = ({ folder, env }: Project, more: Readonly<Record<string, string>> = {}) =>
  stillroom(folder, ['run', 'pipeline.yaml', '--json'], { env: { ...env, ...more } });

/** Waits until no job lives. */
async function emptied(): Promise<void> {
  while ((await ray.living()).length > 0) await sleep(50);
}

describe(`a run whose nodes are jobs of ${realRay === undefined ? 'one that plays Ray' : 'Ray'}`, () => {
  beforeAll(async () => {
    ray = await startRay(emptyFolder());
    // Once, so that no two runs ask what machines there are.
    await run(project('echo > "$out"'));
  });
  afterAll(() => ray.end());

  test('may be killed: its job goes on, and the next run goes on with it; no secret lies in what Ray shows', async () => {
    const far = project(WAITS);
    const first = coordinator(far);
    await begun(far);
    first.child.kill('SIGKILL');
    await first.ended;
    expect(await ray.shown()).toContain('works');
    expect(await ray.shown()).not.toContain(CANARY);
    far.release();
    const again = await run(far);
    expect(again.json.executed).toEqual(['works']);
    expect(again.stderr).toContain('goes on with what the run');
    expect(far.counter()).toBe('x\n');
  });

  test('leaves none behind when it is stopped, nor what a node started in a session of its own', async () => {
    const far = project('setsid sleep 600 & echo $! > "$RELEASE.pid"; echo x >> "$COUNTER"; trap "" TERM; wait', '', ', grace: 0.5s');
    const first = coordinator(far);
    await begun(far);
    const pid = Number(readFileSync(join(far.folder, 'release.pid'), 'utf8'));
    expect(isAlive(pid)).toBe(true);
    first.child.kill('SIGINT');
    expect(await first.ended).toBe(130);
    await emptied();
    while (isAlive(pid)) await sleep(50);
  });

  test('says that a job was stopped by somebody else', async () => {
    const far = project(WAITS);
    const running = run(far);
    await ray.stopJob(await begun(far));
    const ended = await running;
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('works was stopped in Ray');
  });

  test('gives a node devices of its own, and none to one that asks for none', async () => {
    const print = 'echo "devices:$CUDA_VISIBLE_DEVICES" > "$COUNTER"; echo > "$out"';
    const [with1, without] = [project(print, 'resources: { gpu: 1 }'), project(print)];
    expect((await run(with1)).json.executed).toEqual(['works']);
    expect(with1.counter()).toMatch(/^devices:[01]\n$/);
    await run(without);
    expect(without.counter()).toBe('devices:\n');
  });

  test('gives a node that waits for room its place when there is some, and takes it back from one that is stopped', async () => {
    const [first, second, third] = [1, 2, 3].map(() => project(WAITS, 'resources: { cpu: 4 }')) as [Project, Project, Project];
    const running = run(first);
    await begun(first);
    const stopped = coordinator(third);
    await stopped.says('for a machine with room for it (4 CPU)');
    stopped.child.kill('SIGINT');
    expect(await stopped.ended).toBe(130);
    const waits = coordinator(second);
    await waits.says('for a machine with room for it (4 CPU)');
    first.release();
    expect((await running).json.executed).toEqual(['works']);
    second.release();
    expect(await waits.ended).toBe(0);
    expect(second.counter()).toBe('x\n');
    await emptied();
    expect(third.counter()).toBe('');
  });

  test('says why a job could not begin', async () => {
    const far = project(WAITS, '', ", setup: ['test ! -e job.json || { echo no such module; exit 7; }']");
    const ended = await run(far);
    expect(ended.code).toBe(1);
    const hint = expect.stringContaining('no such module') as string;
    expect(ended.json.error).toMatchObject({ code: 'cluster-refused', message: expect.stringMatching('exit code 7'), hint });
  });

  test('keeps what a node printed in the folder of its attempt, and leaves no secret there', async () => {
    const far = project('echo "it is $TOKEN"; exit 3');
    const ended = await run(far);
    expect(ended.code).toBe(1);
    expect(ended.json.error?.hint).toContain('it is [secret]');
    const scratch = join(far.folder, 'artifacts');
    const files = (readdirSync(scratch, { recursive: true, encoding: 'utf8' }) as string[]).filter((name) => /secrets$/.test(name));
    expect(files).toEqual([]);
  });
});

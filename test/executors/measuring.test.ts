import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { checkout, emptyFolder, type Ended, stillroom, write } from '../rig.ts';

const children: ChildProcess[] = [];

afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

/** Several projects of one user on one machine. What their nodes do is noted in its order. */
class User {
  readonly home = emptyFolder();
  readonly env = { XDG_CACHE_HOME: join(this.home, 'cache'), TRACE: join(this.home, 'trace'), RELEASE: join(this.home, 'release') };

  /** A project with one pipeline. */
  project(name: string, stages: string, executors = ''): string {
    const folder = join(this.home, name);
    write(folder, {
      'artifacts/.gitignore': '*\n',
      'p.yaml': `name: ${name}\nstages:\n${stages}`,
      'stillroom.yaml': `executors: {${executors}}\n`,
    });
    return folder;
  }

  run(folder: string, ...more: string[]): Promise<Ended> {
    return stillroom(folder, ['run', 'p.yaml', '--json', ...more], { env: this.env });
  }

  /** Starts a run; `told` is what it has printed so far. */
  start(folder: string): { readonly child: ChildProcess; readonly ended: Promise<unknown>; told(): string } {
    const env = { ...process.env, CI: '1', ...this.env };
    const child = spawn(process.execPath, [join(checkout, 'dist/cli.js'), 'run', 'p.yaml'], {
      cwd: folder,
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    children.push(child);
    let text = '';
    child.stderr?.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
    return { child, ended: new Promise((resolve) => child.once('exit', resolve)), told: () => text };
  }

  trace(): string[] {
    return existsSync(this.env.TRACE) ? readFileSync(this.env.TRACE, 'utf8').trim().split('\n') : [];
  }

  async traced(line: string): Promise<void> {
    while (!this.trace().includes(line)) await sleep(10);
  }
}

/** A command that notes its beginning and its end, and between them waits to be released where it is long. */
function node(name: string, more: { readonly isLong?: boolean; readonly in?: string; readonly keys?: string } = {}): string {
  const wait = more.isLong === true ? 'while test ! -e "$RELEASE"; do sleep 0.02; done; ' : '';
  const run = `echo "${name} begins" >> "$TRACE"; ${wait}date +%N > "$out"; echo "${name} ends" >> "$TRACE"`;
  return `  ${name}: { run: '${run}', env: [TRACE, RELEASE], out: { out: out.txt }${more.in ?? ''}${more.keys ?? ''} }\n`;
}

const measuring = { keys: ', measures: machine' };
const measured = node('measurer', measuring).replace('out: out.txt', 'out: { path: out.txt, measured: true }');

describe.concurrent('a node that measures', () => {
  test('says whom it waits for, lets short nodes of other projects pass, and has the machine to itself', async () => {
    const user = new User();
    const long = user.start(user.project('long', node('train', { isLong: true })));
    await user.traced('train begins');
    const measurer = user.start(user.project('measures', node('measurer', measuring) + node('own')));
    await user.traced('own ends');
    while (!measurer.told().includes('waits')) await sleep(10);
    expect(measurer.told()).toMatch(
      /^… measurer waits to have the machine to itself: train of the run [\w-]+ \(.*\/long\) has been running for/m,
    );
    expect((await user.run(user.project('short', node('quick')))).code).toBe(0);
    write(user.home, { release: '' });
    await Promise.all([long.ended, measurer.ended]);
    const others = ['own begins', 'own ends', 'quick begins', 'quick ends'];
    expect(user.trace()).toEqual(['train begins', ...others, 'train ends', 'measurer begins', 'measurer ends']);
  });

  test('waits for a detached node whose coordinator was killed', async () => {
    const user = new User();
    const folder = user.project('long', node('train', { isLong: true, keys: ', executor: slow' }), ' slow: { kind: detached } ');
    const long = user.start(folder);
    await user.traced('train begins');
    long.child.kill('SIGKILL');
    await long.ended;
    const measurer = user.start(user.project('measures', node('measurer', measuring)));
    while (!measurer.told().includes('train of the run')) await sleep(10);
    write(user.home, { release: '' });
    await measurer.ended;
    expect(user.trace()).toEqual(['train begins', 'train ends', 'measurer begins', 'measurer ends']);
  });

  test('is not waited for when another node of its run has failed', async () => {
    const user = new User();
    const long = user.start(user.project('long', node('train', { isLong: true })));
    await user.traced('train begins');
    const failing = user.project('fails', `${node('measurer', measuring)}  bad: { run: exit 3, out: { out: out.txt } }\n`);
    expect((await user.run(failing)).json).toMatchObject({ failed: ['bad'], skipped: ['measurer'] });
    write(user.home, { release: '' });
    await long.ended;
  });

  test('stops waiting when its run is stopped', async () => {
    const user = new User();
    const long = user.start(user.project('long', node('train', { isLong: true })));
    await user.traced('train begins');
    const measurer = user.start(user.project('measures', node('measurer', measuring)));
    while (!measurer.told().includes('waits')) await sleep(10);
    measurer.child.kill('SIGINT');
    await measurer.ended;
    write(user.home, { release: '' });
    await long.ended;
    expect(user.trace()).toEqual(['train begins', 'train ends']);
  });
});

test('--no-wait measures beside others: its result is marked wherever it is shown, and no other run reuses it', async () => {
  const user = new User();
  const long = user.start(user.project('long', node('train', { isLong: true })));
  await user.traced('train begins');
  const reader = node('reader', { in: ', in: { speed: measurer.out }' });
  const folder = user.project('measures', measured + reader);
  const beside = await user.run(folder, '--no-wait');
  expect(beside.json).toMatchObject({ disturbed: ['measurer'] });
  const warning = /measured while other work ran: train of the run [\w-]+ \(.*\/long\); not reused by other runs/;
  expect(beside).toMatchObject({ code: 0, json: { executed: ['measurer', 'reader'] } });
  expect(beside.stderr).toMatch(warning);
  for (const show of [
    ['show', '@latest'],
    ['report', '@latest', '--md'],
    ['report', '@latest'],
  ])
    expect((await stillroom(folder, show, { env: user.env })).stdout).toMatch(warning);
  write(user.home, { release: '' });
  await long.ended;
  const alone = await user.run(folder);
  expect(alone.json.executed).toEqual(['measurer', 'reader']);
  expect(alone.stderr).toContain('measurement changed: beside other work → alone');
  expect(alone.stderr).not.toMatch(warning);
  expect((await user.run(folder, '--no-wait')).json.reused).toEqual(['measurer', 'reader']);
  expect((await stillroom(folder, ['verify', '--json'], { env: user.env })).json.damaged).toEqual([]);
});

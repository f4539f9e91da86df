import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { emptyFolder, write } from '../../folders.ts';
import { type Machine, machines, whyNotShared } from './machines.ts';

const why = whyNotShared();

const ends: (() => void)[] = [];

afterAll(() => {
  for (const end of ends) end();
});

async function twoMachines(): Promise<{ readonly server: string; readonly all: readonly Machine[] }> {
  const { end, ...two } = await machines(emptyFolder(), KEPT);
  ends.push(end);
  return two;
}

/** Seconds for which a machine keeps what it learned: longer than any of these tests takes between two looks. */
const KEPT = 30;

/** A pipeline whose every node says that it ran, and comes out otherwise each time. */
function pipeline(ran: string, first = 'sleep 0.6'): string {
  const node = (name: string, rest: string, command = ''): string =>
    `  ${name}: { ${rest}out: { o: o.txt }, run: 'echo ${name} >> ${ran}; ${command === '' ? '' : `${command}; `}date +%N > "$o"' }\n`;
  const wide = [1, 2, 3, 4].map((at) => node(`wide${at}`, 'in: { from: first.o }, ', 'sleep 0.2')).join('');
  const large = `  large: { in: { from: wide1.o }, out: { o: o.bin }, run: 'echo large >> ${ran}; head -c 300000 /dev/urandom > "$o"' }\n`;
  return `name: shared\nstages:\n${node('first', '', first)}${wide}${large}${node('last', 'in: { large: large.o, wide: wide4.o }, ')}`;
}

const NODES = ['first', 'large', 'last', 'wide1', 'wide2', 'wide3', 'wide4'];

/** What ran, sorted. */
function ranOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').sort() : [];
}

async function untilThere(file: string): Promise<void> {
  while (!existsSync(file)) await sleep(20);
}

function hashIn(output: string): string | undefined {
  return /hash\s+([0-9a-f]{64})/.exec(output)?.[1];
}

describe.skipIf(why !== undefined)(`a store that machines share${why === undefined ? '' : ` (${why})`}`, () => {
  test('two runs at once execute each node once, and see what the other made', async () => {
    const { all } = await twoMachines();
    const project = emptyFolder();
    const ran = join(project, 'ran');
    write(project, { 'p.yaml': pipeline(ran) });
    const run = (machine: Machine): ReturnType<Machine['stillroom']> =>
      machine.stillroom(['run', 'p.yaml', '--plain', '--store', join(machine.folder, 'artifacts')], project);
    const ended = await Promise.all(all.map(run));
    expect(ended.map(({ exitCode, output }) => (exitCode === 0 ? 0 : output))).toEqual([0, 0]);
    expect(ranOf(ran)).toEqual(NODES);
    expect(hashIn(ended[0]?.output ?? '')).toBeDefined();
    expect(hashIn(ended[1]?.output ?? '')).toBe(hashIn(ended[0]?.output ?? ''));
    // Who ended leaves nothing that others would have to wait for.
    const leases = join(all[0]?.folder ?? '', 'artifacts', 'locks', 'leases');
    expect(readdirSync(leases)).toEqual(['settings.json']);
  }, 60_000);

  test('what a machine holds that is gone is taken over once it gives no sign any more', async () => {
    const { server, all } = await twoMachines();
    const [one, two] = all as [Machine, Machine];
    const project = emptyFolder();
    const ran = join(project, 'ran');
    write(project, { 'p.yaml': pipeline(ran, `if [ ! -e ${project}/again ]; then touch ${project}/again; sleep 600; fi`) });
    write(server, { 'artifacts/locks/leases/settings.json': '{"silence":1}' });
    const gone = new AbortController();
    const args = (machine: Machine): string[] => ['run', 'p.yaml', '--plain', '--store', join(machine.folder, 'artifacts')];
    const first = one.stillroom(args(one), project, gone.signal);
    await untilThere(join(project, 'again'));
    gone.abort();
    await first;
    const second = await two.stillroom(args(two), project);
    expect(second.exitCode === 0 ? 0 : second.output).toBe(0);
    expect(ranOf(ran)).toEqual(['first', ...NODES]);
    // Who looks for the first time knows by the age of the last sign alone.
    const listed = (): ReturnType<Machine['stillroom']> => two.stillroom(['runs', '--store', join(two.folder, 'artifacts')], project);
    while (!(await listed()).output.includes('interrupted')) await sleep(100);
  }, 60_000);

  test('gc sees that another machine uses the store, and waits if asked to', async () => {
    const { all } = await twoMachines();
    const [one, two] = all as [Machine, Machine];
    const project = emptyFolder();
    const ran = join(project, 'ran');
    write(project, { 'p.yaml': pipeline(ran, `touch ${project}/begun; while [ ! -e ${project}/go ]; do sleep 0.05; done`) });
    const run = one.stillroom(['run', 'p.yaml', '--plain', '--store', join(one.folder, 'artifacts')], project);
    await untilThere(join(project, 'begun'));
    const gc = (...options: string[]): ReturnType<Machine['stillroom']> =>
      two.stillroom(['gc', '--keep-runs', '1', ...options, '--store', join(two.folder, 'artifacts')], project);
    expect((await gc()).output).toContain('is live');
    const waiting = gc('--wait');
    write(project, { go: '' });
    expect((await run).exitCode).toBe(0);
    const collected = await waiting;
    expect(collected.exitCode === 0 ? 0 : collected.output).toBe(0);
    const again = await one.stillroom(['run', 'p.yaml', '--plain', '--store', join(one.folder, 'artifacts')], project);
    expect(again.output).toContain('7 reused');
    expect(ranOf(ran)).toEqual(NODES);
  }, 60_000);

  test('runs and verify see, and gc keeps, what another machine made since it last looked, and who kept names of what it wrote anew finds that', async () => {
    const { all } = await twoMachines();
    const [one, two] = all as [Machine, Machine];
    const project = emptyFolder();
    const ran = join(project, 'ran');
    write(project, {
      'p.yaml': `params: { size: 1 }\n${pipeline(ran, 'echo $size')}`.replace('first: {', 'first: { with: { size: $size },'),
    });
    const on = async (machine: Machine, ...args: readonly string[]): Promise<string> => {
      const { exitCode, output } = await machine.stillroom([...args, '--store', join(machine.folder, 'artifacts')], project);
      expect(exitCode === 0 ? 0 : output).toBe(0);
      return output;
    };
    const run = (machine: Machine, size: number): Promise<string> => on(machine, 'run', 'p.yaml', '--plain', '--set', `size=${size}`);
    await run(one, 1);
    expect(await run(two, 1)).toContain('7 reused');
    await on(two, 'runs');
    await on(two, 'plan', 'p.yaml');
    await run(one, 2);
    expect(await on(two, 'runs')).toContain('size=2');
    await run(one, 3);
    expect(await on(two, 'verify')).toContain('all whole');
    await run(one, 2);
    await on(two, 'gc', '--keep-runs', '9');
    for (const machine of all) for (const size of [1, 2, 3]) expect(await run(machine, size)).toContain('7 reused');
  }, 60_000);

  test('a run on one machine is watched from another, and told to stop there', async () => {
    const { all } = await twoMachines();
    const [one, two] = all as [Machine, Machine];
    const project = emptyFolder();
    const gate = `touch ${project}/begun; for i in $(seq 600); do test -e ${project}/go && break; sleep 0.1 || true; done; echo "so far"`;
    write(project, { 'p.yaml': pipeline(join(project, 'ran'), `${gate}; sleep 600`), 'q.yaml': pipeline(join(project, 'ran'), 'true') });
    const on = (machine: Machine, ...args: string[]): ReturnType<Machine['stillroom']> =>
      machine.stillroom([...args, '--store', join(machine.folder, 'artifacts')], project);
    await on(one, 'run', 'q.yaml');
    // From now on it keeps for long what it has seen of the folders: that there is no other run.
    expect((await on(two, 'attach')).output).toContain('nothing runs here now');
    expect((await on(two, 'runs')).output).not.toContain('live');
    const run = on(one, 'run', 'p.yaml', '--plain');
    await untilThere(join(project, 'begun'));
    expect((await on(two, 'runs')).output).toContain('live');
    let printed = '';
    const watched = two.stillroom(['attach', '--verbose', '--store', join(two.folder, 'artifacts')], project, undefined, (all) => {
      printed = all;
    });
    while (!printed.includes('▸ first')) await sleep(20);
    write(project, { go: '' });
    while (!printed.includes('first | so far')) await sleep(20);
    const stopped = await on(two, 'stop');
    expect(stopped).toMatchObject({ exitCode: 0, output: expect.stringContaining('cancelled') });
    expect((await run).output).toContain('said stop');
    const seen = await watched;
    expect(seen).toMatchObject({ exitCode: 143, output: expect.stringContaining('said stop') });
  }, 60_000);
});

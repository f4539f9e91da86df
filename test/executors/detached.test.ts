import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { checkout, emptyFolder, stillroom, write } from '../rig.ts';

const CANARY = 'canary-1207-secret';

/** A run whose node `works` is executed detached and waits to be released. */
interface Started {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly coordinator: ChildProcess;
  readonly ended: Promise<number | null>;
  readonly ready: () => Promise<void>;
}

/** A file by which a store is one that machines share. */
const SHARED = { 'artifacts/locks/leases/settings.json': '{"silence":60}\n' };

/**
 * @param last What the node does at its end.
 * @param more More files.
 */
function start(last = '', more: Readonly<Record<string, string>> = {}): Started {
  const folder = emptyFolder();
  write(folder, {
    ...more,
    'artifacts/.gitignore': '*\n',
    'stillroom.yaml': 'executors:\n  slow: { kind: detached, cpu: 2 }\n',
    'pipeline.yaml': `name: slow
stages:
  first: { run: 'echo 1 > "$out"', out: { out: out.txt } }
  works:
    run: |
      trap 'echo stopped >> "$COUNTER"; exit 1' TERM
      echo x >> "$COUNTER"; echo "with $TOKEN"
      while test ! -e "$RELEASE"; do sleep 0.05; done
      cat "$text" > "$out"; echo whole >> "$out"; ${last}
    executor: slow
    in: { text: first.out }
    env: { COUNTER: ${join(folder, 'counter')}, RELEASE: ${join(folder, 'release')}, TOKEN: { secret: true } }
    out: { out: out.txt, more: more/ }
  later: { run: 'cat "$text" > "$out"', in: { text: works.out }, out: { out: out.txt } }
`,
  });
  const env = { TOKEN: CANARY, XDG_CACHE_HOME: join(folder, 'cache') };
  const coordinator = spawn(process.execPath, [join(checkout, 'dist/cli.js'), 'run', 'pipeline.yaml'], {
    cwd: folder,
    env: { ...process.env, CI: '1', ...env },
    stdio: 'ignore',
  });
  const ended = new Promise<number | null>((resolve) => coordinator.on('exit', resolve));
  const ready = async (): Promise<void> => {
    while (!existsSync(join(folder, 'counter'))) await sleep(20);
  };
  return { folder, env, coordinator, ended, ready };
}

const counter = ({ folder }: Started): string => readFileSync(join(folder, 'counter'), 'utf8');

describe.concurrent('a node of a detached executor', () => {
  test.each([
    ['a store of this machine', {}],
    ['one that machines share', SHARED],
  ])('goes on when its coordinator is killed, gc leaves it alone, and the next run takes its result over: %s', async (_, more) => {
    const started = start('', more);
    const { folder, env, coordinator, ended } = started;
    await started.ready();
    coordinator.kill('SIGKILL');
    await ended;
    expect((await stillroom(folder, ['gc', '--json'], { env })).code).toBe(0);
    write(folder, { release: '' });
    const again = await stillroom(folder, ['run', 'pipeline.yaml', '--json'], { env });
    expect(again.json.executed).toEqual(expect.arrayContaining(['works', 'later']));
    expect(again.stderr).toContain('goes on with what the run');
    expect(counter(started)).toBe('x\n');
    expect(readFileSync(again.json.outputs?.['later.out'] ?? '', 'utf8')).toBe('1\nwhole\n');
    expect(readFileSync(join(folder, 'artifacts/logs', again.json.run ?? '', 'works.log'), 'utf8')).toBe('with [secret]\n');
    expect(readdirSync(join(folder, 'artifacts/scratch'))).toEqual([]);
    expect(() => execFileSync('grep', ['-rl', CANARY, join(folder, 'artifacts')])).toThrow();
  });

  test('is taken over without a word of secrets that the next run does not know', async () => {
    const started = start('ln -s /none "$more/$TOKEN"');
    const { folder, env, coordinator, ended } = started;
    await started.ready();
    coordinator.kill('SIGKILL');
    await ended;
    write(folder, { release: '' });
    const again = await stillroom(folder, ['run', 'pipeline.yaml', '--verbose'], { env: { ...env, TOKEN: 'another-1207-secret' } });
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('goes on with what the run');
    expect(again.stderr).toContain('files are not named');
    expect(again.stderr + again.stdout).not.toContain(CANARY);
    expect(() => execFileSync('grep', ['-rl', CANARY, join(folder, 'artifacts')])).toThrow();
  });

  test.each([
    ['a store of this machine', {}],
    ['one that machines share', SHARED],
  ])('is stopped by Ctrl-C as any other, and runs anew later: %s', async (_, more) => {
    const started = start('', more);
    await started.ready();
    started.coordinator.kill('SIGINT');
    expect(await started.ended).toBe(130);
    expect(counter(started)).toBe('x\nstopped\n');
    write(started.folder, { release: '' });
    const again = await stillroom(started.folder, ['run', 'pipeline.yaml', '--json'], { env: started.env });
    expect(again.json.executed).toEqual(['works', 'later']);
    expect(counter(started)).toBe('x\nstopped\nx\n');
  });

  test('is ended, not taken over, where the work is forced', async () => {
    const started = start();
    const { folder, env, coordinator, ended } = started;
    await started.ready();
    coordinator.kill('SIGKILL');
    await ended;
    const forcing = stillroom(folder, ['run', 'pipeline.yaml', '--force', 'works', '--json'], { env });
    while (!counter(started).includes('stopped')) await sleep(20);
    write(folder, { release: '' });
    expect((await forcing).json.executed).toEqual(['works', 'later']);
    expect(counter(started)).toBe('x\nstopped\nx\n');
  });
});

describe('the name of an executor', () => {
  test('does not count: what one has executed another reuses', async () => {
    const folder = emptyFolder();
    write(folder, {
      'artifacts/.gitignore': '*\n',
      'stillroom.yaml': 'executors: { slow: { kind: detached } }\n',
      'pipeline.yaml': 'name: two\nstages:\n  one: { run: \'echo > "$out"\', out: { out: out.txt } }\n',
    });
    const run = (...more: string[]) => stillroom(folder, ['run', 'pipeline.yaml', '--json', ...more]);
    expect((await run('--executor', 'slow')).json.executed).toEqual(['one']);
    expect((await run()).json.reused).toEqual(['one']);
    const unknown = await run('--executor', 'slwo');
    expect(unknown.code).toBe(2);
    expect(unknown.json.error).toMatchObject({ code: 'unknown-executor', hint: expect.stringContaining('"slow"') });
  });
});

import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { checkout, emptyFolder, stillroom, write } from '../rig.ts';
import { onTerminal, type Step } from './on-terminal.ts';

const CTRL_C = '\x03';
const CTRL_Z = '\x1a';
const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';

const stage = `import { defineStage } from 'stillroom';
export default defineStage({ about: 'Saves when it is stopped.', outputs: { out: 'file.txt' }, run: () => import('./run.ts') });
`;

/** A project with a node that saves its checkpoint when it is stopped, and one that ignores that and works until `go` stands there. */
function project(): string {
  const folder = emptyFolder();
  write(folder, {
    'package.json': '{}',
    'stages/saves/stage.ts': stage,
    'stages/saves/run.ts': `import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { work } from 'stillroom';
import type stage from './stage.ts';
export default work<typeof stage>(async ({ signal, checkpoint, progress }) => {
  await checkpoint.save((folder) => writeFileSync(folder + '/state', 'begun'));
  for (let i = 1; !signal.aborted; i += 1) {
    progress(i, 1000);
    await sleep(50, undefined, { signal }).catch(() => undefined);
  }
  await checkpoint.save((folder) => writeFileSync(folder + '/state', 'saved'));
});
`,
    'saves.yaml': 'name: saves\nstages:\n  a: { uses: saves }\n',
    'stillroom.yaml': 'executors: { patient: { kind: process, grace: 10m } }\n',
    'waits.yaml': `name: waits
stages:
  a:
    run: 'trap "touch $ASKED" TERM; touch "$BEGUN"; until test -e "$GO"; do sleep 0.05; done; echo > "$o"'
    env: { BEGUN: ${join(folder, 'begun')}, GO: ${join(folder, 'go')}, ASKED: ${join(folder, 'asked')} }
    executor: patient
    out: { o: o }
`,
  });
  return folder;
}

const stateOf = async (folder: string): Promise<string | undefined> => (await stillroom(folder, ['runs', '--json'])).json.runs?.[0]?.state;

/** What the newest checkpoint of the only work holds. */
function checkpointOf(folder: string): string {
  const [work = ''] = readdirSync(join(folder, 'artifacts/checkpoints'));
  const root = join(folder, 'artifacts/checkpoints', work);
  return readFileSync(join(root, readdirSync(root).sort().at(-1) ?? '', 'state'), 'utf8');
}

const run = (...args: readonly string[]): string[] => [process.execPath, join(checkout, 'dist/cli.js'), 'run', ...args];

describe.concurrent.each([
  ['a live tree', []],
  ['lines', ['--plain']],
] as const)('a run that is shown as %s', (_, options) => {
  test.each([
    ['Ctrl-C', { type: CTRL_C }, 130],
    ['a hang-up', { hangUp: true }, 129],
    ['SIGTERM', { signal: 'SIGTERM' }, 143],
  ] as const)('and stopped by %s saves its checkpoint, is recorded, and leaves the terminal as it was', async (_how, act, code) => {
    const folder = project();
    const saved = { file: join(folder, 'artifacts/checkpoints/*/complete-1') };
    const seen = await onTerminal(folder, [{ ...saved, ...act }], run('saves.yaml', ...options));
    expect(seen).toMatchObject({ code, missed: [] });
    expect(await stateOf(folder)).toBe('cancelled');
    expect(checkpointOf(folder)).toBe('saved');
    // A terminal that is gone has no modes.
    expect(seen.modes).toEqual('hangUp' in act ? null : { lines: true, echo: true, signals: true });
    if (seen.modes !== null) expect(seen.written.lastIndexOf(SHOW_CURSOR)).toBeGreaterThanOrEqual(seen.written.lastIndexOf(HIDE_CURSOR));
  });

  test('does not wait after a second Ctrl-C', async () => {
    const folder = project();
    const steps = [
      { file: join(folder, 'begun'), type: CTRL_C },
      { file: join(folder, 'asked'), type: CTRL_C },
    ];
    // The node goes on after the first, and would have ten minutes.
    expect(await onTerminal(folder, steps, run('waits.yaml', ...options))).toMatchObject({ code: 130, missed: [] });
    expect(await stateOf(folder)).toBe('cancelled');
  });
});

describe.concurrent('a run that is started from a shell', () => {
  const shell = ['bash', '--norc', '-i'];
  const command = `${run('waits.yaml').join(' ')} --plain`;
  const go = (folder: string): string => `touch ${join(folder, 'go')}\r`;

  test('goes on in the background', async () => {
    const folder = project();
    const steps = [
      { text: '', type: `${command} &\r` },
      { file: join(folder, 'begun'), type: CTRL_C },
      { text: '^C', type: `${go(folder)}wait %1; echo code:$?\r` },
      { text: 'code:0', type: 'exit\r' },
    ];
    expect(await onTerminal(folder, steps, shell)).toMatchObject({ missed: [] });
    expect(await stateOf(folder)).toBe('done');
  });

  test('can be suspended and resumed', async () => {
    const folder = project();
    const steps = [
      { text: '', type: `${command}\r` },
      { file: join(folder, 'begun'), type: CTRL_Z },
      { text: 'Stopped', type: `${go(folder)}fg; echo code:$?\r` },
      { text: 'code:0', type: 'exit\r' },
    ];
    expect(await onTerminal(folder, steps, shell)).toMatchObject({ missed: [] });
    expect(await stateOf(folder)).toBe('done');
  });

  test('by nohup outlives its terminal', async () => {
    const folder = project();
    const steps: Step[] = [
      { text: '', type: `nohup ${command} &\r` },
      { file: join(folder, 'begun'), hangUp: true },
    ];
    await onTerminal(folder, steps, shell);
    expect(await stateOf(folder)).toBe('live');
    write(folder, { go: '' });
    while ((await stateOf(folder)) === 'live') await sleep(50);
    expect(await stateOf(folder)).toBe('done');
  });

  test('in the background ends with its terminal', async () => {
    const folder = project();
    const steps: Step[] = [
      { text: '', type: `${run('saves.yaml').join(' ')} > log 2>&1 &\r` },
      { file: join(folder, 'artifacts/checkpoints/*/complete-1'), hangUp: true },
    ];
    await onTerminal(folder, steps, shell);
    while ((await stateOf(folder)) === 'live') await sleep(50);
    expect(await stateOf(folder)).toBe('cancelled');
    expect(checkpointOf(folder)).toBe('saved');
  });
});

test.each([
  ['no standard input', '<&-'],
  ['neither standard nor error output', '>&- 2>&-'],
  ['none of them', '<&- >&- 2>&-'],
])('a run that has %s ends as any other', async (_, closed) => {
  const folder = project();
  write(folder, { go: '' });
  await promisify(execFile)('bash', ['-c', `exec ${run('waits.yaml').join(' ')} ${closed}`], { cwd: folder });
  expect(await stateOf(folder)).toBe('done');
});

import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { called, emptyFolder, write } from '../rig.ts';

const text = `name: talk
stages:
  one: { run: 'echo first; printf "a\\033[31mred\\033[0m\\033[2J\\n"; seq 3; echo > o', out: { o: o } }
  fold: { run: 'echo "fold $k"; echo > o', matrix: { k: [0, 1] }, with: { k: $k }, out: { o: o } }
  bad: { run: 'echo no luck; exit 3', in: { one: one.o }, out: { o: o } }
  never: { run: 'echo > o', in: { bad: bad.o }, out: { o: o } }
`;

let folder: string;

beforeAll(async () => {
  folder = emptyFolder();
  write(folder, { 'package.json': '{}', 'talk.yaml': text, 'good.yaml': text.split('\n').slice(0, 4).join('\n').replace('talk', 'good') });
  expect((await called(folder, ['run', 'talk.yaml', '--keep-going'])).code).toBe(1);
});

const logs = (...args: string[]): ReturnType<typeof called> => called(folder, ['logs', ...args]);

describe('logs', () => {
  test('of a run are those of all that it executed, each line with its node; what failed comes last', async () => {
    const { code, stdout } = await logs('@latest');
    expect(code).toBe(0);
    const lines = stdout.split('\n');
    expect(lines[0]).toBe('one       | first');
    expect(lines).toContain('fold[k=1] | fold 1');
    expect(lines.at(-2)).toBe('bad       | no luck');
  });

  test('of a node are its lines alone, those of its instances with their names', async () => {
    expect((await logs('@latest', 'bad')).stdout).toBe('no luck\n');
    expect((await logs('@latest', 'fold')).stdout).toBe('fold[k=0] | fold 0\nfold[k=1] | fold 1\n');
    expect((await logs('@latest', 'fold[k=1]')).stdout).toBe('fold 1\n');
    expect((await logs('@latest', 'one', '--lines', '2')).stdout).toBe('2\n3\n');
  });

  test('are data for programs', async () => {
    const { json } = (await logs('@latest', 'bad', '--json')) as unknown as { json: { nodes: object[] } };
    expect(json.nodes).toEqual([expect.objectContaining({ node: 'bad', state: 'failed', lines: ['no luck'] })]);
  });

  test('say why there is nothing', async () => {
    expect(await logs('@latest', 'never')).toMatchObject({ stdout: '', stderr: 'never never ran\n' });
    expect((await logs('@latest', 'flod')).stderr).toContain('did you mean "fold"?');
    expect((await logs('@latest', 'flod')).code).toBe(2);
  });

  test('are no file where a node prints nothing, which is told from logs that are gone', async () => {
    write(folder, { 'still.yaml': "name: still\nstages:\n  mute: { run: 'echo > o', out: { o: o } }\n" });
    const { run = '' } = (await called(folder, ['run', 'still.yaml', '--json'])).json;
    const mine = join(folder, 'artifacts/logs', run);
    expect(existsSync(join(mine, 'mute.log'))).toBe(false);
    expect((await called(folder, ['show', run, 'mute'])).stdout).not.toContain('.log');
    expect((await logs(run)).stderr).toBe('mute printed nothing\n');
    rmSync(mine, { recursive: true });
    expect((await logs(run)).stderr).toBe('mute: its log is gone\n');
  });

  test('of a reused node are those of the run that executed it', async () => {
    await called(folder, ['run', 'good.yaml']);
    expect((await logs('@latest')).stderr).toContain('reused everything');
    const { stdout, stderr } = await logs('@latest', 'fold[k=0]');
    expect(stdout).toBe('fold 0\n');
    expect(stderr).toMatch(/^fold\[k=0\] was reused: the run \d{8}T\S+ executed it\n$/);
  });

  test('of a live run are followed to the end of a node', async () => {
    const waits = `name: waits\nstages:\n  w: { run: 'echo begun; touch ${folder}/begun; until test -e ${folder}/go; do sleep 0.05; done; echo done; echo > o', out: { o: o } }\n`;
    write(folder, { 'waits.yaml': waits });
    const running = called(folder, ['run', 'waits.yaml']);
    while (!existsSync(join(folder, 'begun'))) await sleep(20);
    expect((await logs('@latest', 'w')).stderr).toContain('--follow goes on with it');
    const followed = logs('@latest', 'w', '--follow');
    await sleep(150);
    write(folder, { go: '' });
    expect((await followed).stdout).toBe('begun\ndone\n');
    expect((await running).code).toBe(0);
  });
});

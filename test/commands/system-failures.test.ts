import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../../src/model/canonical.ts';
import { asAnotherUser, called, checkout, emptyFolder, type Ended, stillroom, write } from '../rig.ts';
import { rot } from '../stored.ts';

let folder: string;

beforeAll(async () => {
  folder = emptyFolder();
  write(folder, { 'package.json': '{}', 'p.yaml': 'name: p\nstages:\n  a: { run: echo hi > "$o", out: { o: o.txt } }\n' });
  mkdirSync(join(folder, 'artifacts'));
  expect(await called(folder, ['run', 'p.yaml'])).toMatchObject({ code: 0 });
});

/** A command whose standard output is a full disk. */
const toFullDisk = (...args: readonly string[]): Promise<Ended> =>
  stillroom(folder, args, { wrapper: ['sh', '-c', 'exec "$0" "$@" > /dev/full'] });

describe.runIf(existsSync('/dev/full'))('a standard output that takes nothing', () => {
  test.each([[['runs']], [['runs', '--json']], [['--help']], [['show', '@latest']]])('%j: a word and exit code 5', async (args) => {
    const { code, stderr } = await toFullDisk(...args);
    expect(code).toBe(5);
    expect(stderr).toMatch(/^error: cannot write the standard output: the disk is full \(ENOSPC\) \[system-failure\]\n {2}hint: [^\n]*\n$/);
  });

  test('of a pack is told once, by its own code', async () => {
    const { code, stderr } = await toFullDisk('pack', '@latest');
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^error: [^\n]* cannot write the standard output: the disk is full \(ENOSPC\) \[pack-unwritten\]\n {2}hint: [^\n]*\n$/,
    );
  });
});

test.each([
  [['report', '@latest', '--output', 'nope/x.html'], 'nope/x.html: there is no folder '],
  [['report', '@latest', '--output', '.'], 'a folder lies where a file is needed (EISDIR)'],
  [['init', 'p.yaml/x'], 'a file lies where a folder is needed (ENOTDIR)'],
  [['pack', '@latest', '--output', 'p.yaml/x'], 'a file lies where a folder is needed (ENOTDIR)'],
])('%j: what is named by an option and cannot be written', async (args, why) => {
  const { code, stderr } = await called(folder, args);
  expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining(why) });
  expect(stderr).toContain('hint: ');
});

const other = asAnotherUser();

test.runIf(other !== undefined)('verify tells of damage that it cannot move away', async () => {
  const copy = emptyFolder();
  write(copy, { 'package.json': '{}', 'p.yaml': 'name: p\nstages:\n  a: { run: echo hi > "$o", out: { o: o.txt } }\n' });
  mkdirSync(join(copy, 'artifacts'));
  await called(copy, ['run', 'p.yaml']);
  chmodSync(copy, 0o755);
  rot(join(copy, 'artifacts'), sha256('hi\n'));
  for (let time = 0; time < 2; time += 1) {
    const { code, stdout } = await stillroom(copy, ['verify'], { wrapper: other ?? [] });
    expect({ code, stdout }).toMatchObject({
      code: 5,
      stdout: expect.stringMatching(/1 damaged\n.*what is damaged stays where it is: .*permission denied/s),
    });
  }
});

test('a bug is one line, and its stack lies in a file', async () => {
  const fault =
    "process.on('newListener', (name) => name === 'uncaughtException' && setTimeout(() => { throw new TypeError('oh no') }, 1))";
  const env = { NODE_OPTIONS: `--import "data:text/javascript,${fault}"` };
  const { code, stderr } = await stillroom(folder, ['run', 'p.yaml', '--force', 'a'], { env });
  expect(code).toBe(70);
  expect(stderr).toMatch(/error: this is a bug in Stillroom: oh no \[bug\]\n {2}hint: please report it, with \/\S+stack\.txt\n$/);
  expect(stderr).not.toContain(checkout);
  expect((await stillroom(folder, ['runs'], { env: { ...env, STILLROOM_STACK: '1' } })).stderr).toMatch(/^TypeError: oh no\n {4}at /);
});

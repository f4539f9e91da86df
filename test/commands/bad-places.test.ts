import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { shortenMiddle } from '../../src/text/shorten.ts';
import { called, checkout, emptyFolder, write } from '../rig.ts';

const project = {
  'artifacts/.gitignore': '*\n',
  'p.yaml': 'name: p\nstages:\n  a: { run: echo hello > "$o", out: { o: o.txt }, tools: [] }\n',
};

let folder: string;
beforeAll(async () => {
  folder = emptyFolder();
  write(folder, project);
  expect((await called(folder, ['run'])).code).toBe(0);
});

/** A folder on a disk without room; undefined where none may be mounted. */
function fullDisk(): string | undefined {
  const place = emptyFolder();
  if (spawnSync('sh', ['-c', `mount -t tmpfs -o size=16k tmpfs ${place}`]).status !== 0) return undefined;
  spawnSync('sh', ['-c', `head -c 65536 /dev/zero > ${place}/filler; mkdir ${place}/below`]);
  return place;
}

/** What a shell says of a command line of this program. */
function inShell(command: string): { readonly code: number | null; readonly told: string } {
  const program = `${process.execPath} ${join(checkout, 'dist/cli.js')}`;
  const { status, stderr } = spawnSync('bash', ['-c', `${program} ${command}`], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, CI: '1' },
  });
  return { code: status, told: stderr };
}

describe('a file that a user asked for and that cannot be written', () => {
  test.each(['report @latest --output', 'pack @latest --output'])(
    '%s names the folder that is missing, and how to make it',
    async (words) => {
      const { code, json } = await called(folder, [...words.split(' '), 'no where/x', '--json']);
      expect([code, existsSync(join(folder, 'no where'))]).toEqual([2, false]);
      expect(json.error?.message).toContain(`cannot write ${join(folder, 'no where/x')}: there is no folder ${join(folder, 'no where')}`);
      expect(json.error?.hint).toBe(`make it: mkdir -p '${join(folder, 'no where')}'; or name another file`);
    },
  );

  test.each(['report @latest --output', 'pack @latest --output'])('%s says so of a folder and of a file as a folder', async (words) => {
    for (const place of ['.', 'p.yaml/x']) {
      const { code, json } = await called(folder, [...words.split(' '), place, '--json']);
      expect(code).toBe(2);
      expect(json.error?.message).toContain(`cannot write ${join(folder, place)}: `);
      expect(json.error?.hint).toContain('another file');
    }
  });

  test('is left as it was where the disk is full, and so are the files beside it', () => {
    const disk = fullDisk();
    if (disk === undefined) return;
    try {
      for (const words of ['report @latest --output', 'report @latest --md --output', 'pack @latest --output']) {
        const { code, told } = inShell(`${words} ${disk}/below/x`);
        expect([words, code]).toEqual([words, words.startsWith('pack') ? 2 : 5]);
        expect(told).toMatch(
          new RegExp(
            `^error: .*cannot write ${disk}/below/x: the disk is full \\(ENOSPC\\).*\n {2}hint: free some space there .*, or name another file\n$`,
          ),
        );
        expect(readdirSync(join(disk, 'below'))).toEqual([]);
      }
      const begun = inShell(`init ${disk}/new`);
      expect([begun.code, begun.told]).toEqual([5, expect.stringMatching(/cannot (?:write|make) .*: the disk is full/)]);
    } finally {
      execFileSync('sh', ['-c', `umount -l ${disk}`]);
    }
  });
});

test.each([
  'runs',
  'runs --json',
  '--help',
  'run --help',
  'show @latest',
  'show nobody --json',
  'plan --json',
  'run',
  'report @latest',
  'report @latest --json',
  'pack @latest',
  'report @latest --output /dev/full',
])('a full device is told by %s, in words, without a stack', (words) => {
  const { code, told } = inShell(words.includes('/dev/full') ? words : `${words} > /dev/full`);
  expect(code).toBe(words.startsWith('pack') || words.includes('nobody') ? 2 : 5);
  expect(told).toMatch(/cannot write (?:the standard output|\/dev\/full): the disk is full \(ENOSPC\)/);
  expect(told).toMatch(/hint: free some space there .*, or (?:write|name)/);
  expect(told).not.toMatch(/--store|\n {4}at |bug/);
});

test('a long message keeps its end, where what to do may stand', async () => {
  expect(shortenMiddle('abcdefghij', 9)).toBe('abcdef…hij');
  expect(shortenMiddle('abcdefghi', 9)).toBe('abcdefghi');
  mkdirSync(join(folder, 'long'));
  writeFileSync(
    join(folder, 'long/p.yaml'),
    `name: p\nstages:\n  a: { run: 'echo "${'x'.repeat(5000)} so do this" >&2; false', out: { o: o } }\n`,
  );
  const { stderr } = await called(folder, ['run', 'long/p.yaml']);
  expect(stderr).toContain('so do this');
});

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { emptyFolder, stillroom, write } from '../rig.ts';

/** A node that writes a text. */
const plain = 'name: p\nstages:\n  a: { run: echo > "$o", out: { o: o } }\n';
const node = (run: string, more = ''): string => `name: p\n${more}stages:\n  a:\n    run: |\n      ${run}\n`;

/** What is written, where pipes are made, what is asked, and what is answered: an exit code and what the message says. */
interface Case {
  readonly files: Readonly<Record<string, string>>;
  readonly pipes?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly code: number;
  readonly says: string;
}

const reads = { 'p.yaml': `${node('cat "$x" > "$o"', 'sources: { s: source }\n')}    in: { x: $sources.s }\n    out: { o: o }\n` };
const uses = { 'p.yaml': 'name: p\nstages:\n  a: { uses: x }\n' };

describe.concurrent('what is no plain file is named at once, and never waited for', () => {
  test.each<[string, Case]>([
    [
      'a pipe as an output',
      { files: { 'p.yaml': `${node('mkfifo "$o"')}    out: { o: o }\n` }, code: 1, says: 'its output "o" as neither a file nor a folder' },
    ],
    [
      'a pipe in an output folder',
      { files: { 'p.yaml': `${node('mkdir -p "$o"; mkfifo "$o/x"')}    out: { o: o/ }\n` }, code: 1, says: 'o/x: it is neither' },
    ],
    [
      'a device as an output',
      { files: { 'p.yaml': `${node('ln -s /dev/zero "$o"')}    out: { o: o }\n` }, code: 1, says: 'its output "o" as a link' },
    ],
    [
      'a pipe as the metrics',
      {
        files: { 'p.yaml': `${node('echo > "$o"; mkfifo m.json')}    out: { o: o }\n    metrics: m.json\n` },
        code: 1,
        says: 'its metrics "m.json" as something other',
      },
    ],
    ['a pipe as the pipeline', { files: {}, pipes: ['p.yaml'], code: 2, says: 'p.yaml is not a file' }],
    ['a pipe as the settings', { files: { 'p.yaml': plain }, pipes: ['stillroom.yaml'], code: 2, says: 'stillroom.yaml is not a file' }],
    ['a pipe as a source', { files: reads, pipes: ['source'], code: 3, says: 'neither a file nor a folder' }],
    ['a pipe in a source folder', { files: { ...reads, 'source/y': '' }, pipes: ['source/x'], code: 3, says: 'source/x: it is neither' }],
    ['a pipe as a declaration', { files: { ...uses, 'stages/x/run.ts': '' }, pipes: ['stages/x/stage.ts'], code: 3, says: 'stage.ts' }],
    [
      'a pipe as a pack',
      { files: {}, pipes: ['pack'], args: ['reproduce', '--from', 'pack'], code: 2, says: 'pack is a named pipe, not a file' },
    ],
    [
      'a store where there can be none',
      {
        files: { 'p.yaml': plain },
        args: ['run', 'p.yaml', '--store', '/proc/nope'],
        code: 5,
        says: 'the store /proc/nope cannot be written',
      },
    ],
    ['a cache where there can be none', { files: { 'p.yaml': plain }, env: { XDG_CACHE_HOME: '/proc/nope' }, code: 5, says: '/proc/nope' }],
    ['a project where there can be none', { files: {}, args: ['init', '/proc/nope'], code: 2, says: '/proc/nope' }],
  ])('%s', async (_, { files, pipes = [], args = ['run', 'p.yaml'], env = {}, code, says }) => {
    const folder = emptyFolder();
    write(folder, { 'package.json': '{}', ...files });
    for (const pipe of pipes) execFileSync('sh', ['-c', 'mkfifo "$0"', join(folder, pipe)]);
    const ended = await stillroom(folder, args, { env });
    expect(ended).toMatchObject({ code, stderr: expect.stringContaining(says) });
  });
});

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkout, emptyFolder, stillroom, write } from '../rig.ts';

/** Runs a shell text in which $run stands for the command line; returns its exit code and standard output. */
function shell(folder: string, text: string): Promise<{ readonly code: number; readonly stdout: string }> {
  const run = `${process.execPath} ${join(checkout, 'dist/cli.js')} run p.yaml`;
  return new Promise((resolve) =>
    execFile('bash', ['-c', text.replaceAll('$run', run)], { cwd: folder, env: { ...process.env, CI: '1' } }, (error, stdout) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout }),
    ),
  );
}

test.each([
  ['whose errors go to a reader that has seen enough', '$run 2>&1 | head -c 1 >/dev/null; exit ${PIPESTATUS[0]}'],
  ['whose answer goes to such a reader', '$run | true; exit ${PIPESTATUS[0]}'],
  ['whose error output is closed', '$run 2>&-'],
  ['whose error output is full', '$run 2>/dev/full'],
  ['whose standard output is closed', '$run >&-'],
])('a run %s goes on to its end and is recorded', async (_, text) => {
  const folder = emptyFolder();
  write(folder, {
    'package.json': '{}',
    'p.yaml':
      'name: p\nstages:\n  a: { run: \'sleep 0.3; echo a; echo 1 > "$o"\', out: { o: o } }\n  b: { run: \'echo b; cat "$x" > "$y"\', in: { x: a.o }, out: { y: y } }\n',
  });
  expect((await shell(folder, text)).code).toBe(0);
  expect((await stillroom(folder, ['runs', '--json'])).json.runs?.[0]?.state).toBe('done');
});

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { removeTree } from '../../files/remove.ts';
import { monotonic } from '../../model/clock.ts';
import { attemptFile, RUN_JOB_VARIABLE } from '../job/attempt-files.ts';
import { TIME_UP } from './ownership.ts';
import { doneWith, lookAnewAtList, type TakenEntry, takeEntry } from './worklist.ts';

// A job that executes many attempts, one after another, from a list:
//
//   node pilot.js LIST GRACE SECONDS
//
// GRACE may be empty. It ends when the list is gone, when nothing has come for a while, and after an attempt that took longer than SECONDS:
// the next one of its kind may take as long, and needs a job with time left. SIGUSR1 says that its time is nearly up: what it executes is asked to save,
// and nothing new begins. SIGTERM ends it likewise.

/** Milliseconds that it waits for more to do. */
const PATIENCE = 10_000;

/** Milliseconds between two looks at a list with nothing on it. */
const PAUSE = 200;

/** After so many it is asked what other machines have done. */
const LOOKS_ANEW = 10;

const [, , list = '', grace = '', seconds = ''] = process.argv;
const job = join(import.meta.dirname, 'job.js');
let current: { readonly folder: string; readonly child: ChildProcess } | undefined;
let isEnding = false;

process.on('SIGUSR1', () => {
  isEnding = true;
  if (current === undefined) return;
  writeFileSync(join(current.folder, TIME_UP), '');
  current.child.kill('SIGTERM');
});
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
  process.on(signal, () => {
    isEnding = true;
    current?.child.kill('SIGTERM');
  });

/** Executes an attempt in a process of its own, to its end. */
async function execute({ folder, lock }: TakenEntry): Promise<void> {
  // One that is not wanted any more has no folder.
  if (!existsSync(folder)) return;
  const output = openSync(attemptFile(folder, 'output'), 'a');
  try {
    const env = { ...process.env, [RUN_JOB_VARIABLE]: folder.split('/').at(-1) };
    const child = spawn(process.execPath, [job, folder, lock, grace], { cwd: folder, env, stdio: ['ignore', output, output] });
    current = { folder, child };
    await new Promise((resolve) => child.once('close', resolve).once('error', resolve));
  } finally {
    current = undefined;
    closeSync(output);
  }
}

/** Looks at a list with nothing on it. */
let looks = 0;

/** Whether all that was executed was small. */
let isQuick = true;

for (let since = monotonic(); !isEnding && isQuick && monotonic() - since < PATIENCE; ) {
  const entry = takeEntry(list);
  if (entry === 'closed') {
    removeTree(list);
    break;
  }
  if (entry === 'none') {
    await sleep(PAUSE);
    looks += 1;
    if (looks % LOOKS_ANEW === 0) lookAnewAtList(list);
    continue;
  }
  const began = monotonic();
  await execute(entry);
  // What ended with this job the cluster tells of.
  if (!isEnding) doneWith(list, entry);
  since = monotonic();
  isQuick = since - began <= Number(seconds) * 1000;
}

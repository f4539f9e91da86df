import { mkdtempSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Problem } from '../model/problem.ts';
import { systemErrorIn, systemMessage, systemProblem } from '../model/system-failure.ts';
import { EXIT, exitCodeOf, jsonLine, problemJson, problemText } from './answer.ts';
import { printable } from '../text/printable.ts';

/** The variable that has the stacks of bugs printed. */
const STACKS = 'STILLROOM_STACK';

/** Says what no verb has answered for, what the system refused or a bug, in the form that is wanted; returns the exit code. */
export function tellUnforeseen(error: unknown, json: boolean): number {
  const refused = systemProblem(error, {});
  const problem = refused ?? bugProblem(error);
  writeAll(json ? 1 : 2, json ? jsonLine({ error: problemJson([problem]) }) : problemText(problem));
  return refused === undefined ? EXIT.bug : exitCodeOf([problem]);
}

function bugProblem(error: unknown): Problem {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const message = `this is a bug in Stillroom: ${error instanceof Error ? error.message : String(error)}`;
  if (process.env[STACKS] !== undefined) writeAll(2, `${printable(stack)}\n`);
  return { kind: 'stage', code: 'bug', message, hint: `please report it, with ${keptStack(stack)}` };
}

/** Where the stack of a bug is found. */
function keptStack(stack: string): string {
  try {
    const file = join(mkdtempSync(join(tmpdir(), 'stillroom-bug-')), 'stack.txt');
    writeFileSync(file, `${process.version} ${process.argv.slice(2).join(' ')}\n${stack}\n`);
    return file;
  } catch {
    return `what it prints with ${STACKS}=1 in front`;
  }
}

/** Sees to it that a standard output which could not be written, such as to a full disk, ends with a word and an exit code of its own. */
export function watchOutput({ stdout, stderr }: Pick<NodeJS.Process, 'stdout' | 'stderr'>, json: boolean): void {
  let refused: unknown;
  // A reader that has seen enough, such as head, ends an output and is no error: what runs goes on and is recorded. So does a terminal that is
  // closed. Where progress cannot be written at all it is lost, and nothing else.
  const isTerminal = stdout.isTTY;
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && !(isTerminal && error.code === 'EIO')) refused ??= error;
  });
  stderr.on('error', () => undefined);
  process.on('exit', (code) => {
    // What went wrong before is told by its own code, and in words unless it was to be told there.
    const found = code === 0 || json ? systemErrorIn(refused) : undefined;
    if (found === undefined) return;
    const problem: Problem = {
      kind: 'store',
      code: 'system-failure',
      ...systemMessage(found, 'the standard output', 'or write to a file on another disk'),
    };
    writeAll(2, problemText(problem));
    if (code === 0) process.exitCode = exitCodeOf([problem]);
  });
}

/** Writes at once: the process is about to end. */
function writeAll(descriptor: number, text: string): void {
  const bytes = Buffer.from(text);
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
  } catch {
    // There is no one left to tell.
  }
}

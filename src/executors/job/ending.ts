import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JobSpecification } from '../../model/job.ts';
import { type Place, type Problem, withLog } from '../../model/problem.ts';
import type { ProblemCode } from '../../model/problem-codes.ts';
import { remedyOfPrinted, systemErrorIn, systemMessage } from '../../model/system-failure.ts';
import type { NodeLog } from './log.ts';
import { causeOf } from './causes.ts';
import type { Messages } from './messages.ts';
import type { CodePlace } from './protocol.ts';
import { meaningOf, signalOf } from './signals.ts';
import type { StopReason } from './stopping.ts';

/** Node's exit code when nothing is left that could settle what a module awaits. */
const NODE_UNSETTLED = 13;

/** What Node prints of an error below its first line: the stack, in further lines what the error holds, and its own version. */
const OF_STACK = /^(?:\s|\}$|$|Node\.js v\d)/;

/**
 * Lines with, of the stack of what was thrown at their end, the place in the project's code alone; all of it is in the log. What was printed
 * before it may come after it: they come by different pipes.
 */
function withoutStack(lines: readonly string[], at: CodePlace | undefined): readonly string[] {
  const first = lines.findIndex((line) => /^\s+at /.test(line));
  if (first === -1) return lines;
  const late = lines.slice(first).filter((line) => !OF_STACK.test(line));
  return [...lines.slice(0, first), ...late, ...(at === undefined ? [] : [`    at ${at.file}:${at.line}:${at.column}`])];
}

/** A place in a file of the project, with its line; undefined where the project does not have it. */
function placeIn({ origin }: JobSpecification, { file, line, column }: CodePlace): Place | undefined {
  const path = origin === undefined ? undefined : join(origin.project, file);
  if (path === undefined || !existsSync(path)) return undefined;
  const excerpt = readFileSync(path, 'utf8').split(/\r?\n/)[line - 1];
  return excerpt === undefined ? undefined : { file, line, column, excerpt };
}

/** How the supervisor ended, and what was told before. */
export interface Ending {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly reason: StopReason | undefined;
  readonly messages: Messages;
  readonly log: NodeLog;
}

/** What is wrong with how a program ended; undefined: nothing. */
export function problemOf(job: JobSpecification, { exitCode, signal: ownSignal, reason, messages, log }: Ending): Problem | undefined {
  const isCommand = job.program.kind === 'command';
  const bad = (code: ProblemCode, message: string, hint?: string): Problem =>
    withLog({ kind: 'stage', code, message: `${job.node} ${message}`, ...(hint === undefined ? {} : { hint }) }, log.last, job.log);
  if (reason === 'timeout')
    return bad('timeout', `ran longer than its timeout of ${job.timeout} s`, 'give it more, for example timeout: 10m, or leave that out');
  const { failure } = messages;
  if (failure !== undefined) {
    const { code, message, hint, at } = failure;
    const place = at === undefined ? undefined : placeIn(job, at);
    const told = { kind: 'stage', code, message: `${job.node} failed: ${message}`, ...(place === undefined ? {} : { place }) } as const;
    return withLog({ ...told, ...(hint === undefined ? {} : { hint }) }, withoutStack(log.last, at), job.log);
  }
  if (!isCommand && exitCode === NODE_UNSETTLED)
    return bad(
      'ended-early',
      'ended before its work was done: it waits for something that never comes',
      'settle each promise that it awaits or returns',
    );
  if (messages.leftovers.left > 0)
    return bad(
      'killed',
      'left processes that could not be ended',
      'they belong to another user, or wait for a device that does not answer',
    );
  if (exitCode === 0) {
    return isCommand || messages.facts !== undefined
      ? undefined
      : bad('ended-early', 'ended before its work was done: something called process.exit', 'leave that out: a work ends when it returns');
  }
  // Whoever was ended as nobody read on is told by the command that ended first.
  const cause = isCommand && exitCode !== null ? causeOf(job, exitCode, log.last) : undefined;
  const signal = signalOf(exitCode, ownSignal);
  if (signal !== undefined) {
    const { words, hint } = meaningOf(signal) ?? {};
    const why = signal === 'SIGABRT' ? (log.fatal ?? 'native code aborted') : (words ?? cause?.message);
    return bad(
      'killed',
      `was ${signal === 'SIGPIPE' ? 'ended' : 'killed'} by ${signal}${why === undefined ? '' : `: ${why}`}`,
      cause?.hint ?? hint,
    );
  }
  const why = cause === undefined ? '' : `: ${cause.message}`;
  return bad('exit-code', `ended with exit code ${exitCode}${why}`, remedyOfPrinted(log.last, job.folder) ?? cause?.hint);
}

/** What to do where the system does not start a program, by its error's code. */
const START_HINTS: Readonly<Record<string, string>> = {
  E2BIG: 'its params, variables or command are longer than the system gives to a program: put what is long into a file',
  ERR_INVALID_ARG_VALUE: 'a param, a variable or the command holds a NUL character, which no program can be given',
  EAGAIN: 'the system has no process left for it: let less run at once',
  ENOMEM: 'the machine is out of memory: let less run at once',
};

/** A command that was to be confined where that cannot be. */
export function unhiddenProblem({ node, origin }: JobSpecification): Problem {
  return {
    kind: 'stage',
    code: 'not-started',
    message: `${node} was not started: the project${origin === undefined ? '' : ` ${origin.project}`} cannot be hidden from it here`,
    hint: 'that takes Linux, user namespaces or root, and a compiled supervisor (npx stillroom doctor); else leave out confine: project',
  };
}

/** A program that could not be started, with the cause. */
export function startProblem(job: JobSpecification, error: unknown): Problem {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const refused = systemErrorIn(error);
  const hint = START_HINTS[code] ?? (refused === undefined ? undefined : systemMessage(refused, job.folder).hint);
  return {
    kind: 'stage',
    code: 'not-started',
    message: `${job.node} could not be started: ${code === 'ERR_INVALID_ARG_VALUE' ? 'NUL character in what it is given' : message}`,
    ...(hint === undefined ? {} : { hint }),
  };
}

import type { JobSpecification } from '../../model/job.ts';
import { type Problem, withLog } from '../../model/problem.ts';
import type { ProblemCode } from '../../model/problem-codes.ts';
import { remedyOfPrinted, systemErrorIn, systemMessage } from '../../model/system-failure.ts';
import type { NodeLog } from './log.ts';
import type { Messages } from './messages.ts';
import { meaningOf, signalOf } from './signals.ts';
import type { StopReason } from './stopping.ts';

/** Node's exit code when nothing is left that could settle what a module awaits. */
const NODE_UNSETTLED = 13;

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
  if (reason === 'timeout') return bad('timeout', `ran longer than its timeout of ${job.timeout} s`);
  const { failure } = messages;
  if (failure !== undefined) return bad(failure.code, `failed: ${failure.message}`, failure.hint);
  if (!isCommand && exitCode === NODE_UNSETTLED)
    return bad('ended-early', 'ended before its work was done: it waits for something that never comes');
  if (messages.leftovers.left > 0)
    return bad(
      'killed',
      'left processes that could not be ended',
      'they belong to another user, or wait for a device that does not answer',
    );
  if (exitCode === 0) {
    return isCommand || messages.facts !== undefined
      ? undefined
      : bad('ended-early', 'ended before its work was done: something called process.exit');
  }
  const signal = signalOf(exitCode, ownSignal);
  if (signal !== undefined) {
    const { words, hint } = meaningOf(signal) ?? {};
    const why = signal === 'SIGABRT' ? (log.fatal ?? 'native code aborted') : words;
    return bad('killed', `was ${signal === 'SIGPIPE' ? 'ended' : 'killed'} by ${signal}${why === undefined ? '' : `: ${why}`}`, hint);
  }
  if (exitCode === 127 && isCommand) return bad('exit-code', 'ended with exit code 127: a program was not found');
  return bad('exit-code', `ended with exit code ${exitCode}`, remedyOfPrinted(log.last, job.folder));
}

/** What to do where the system does not start a program, by its error's code. */
const START_HINTS: Readonly<Record<string, string>> = {
  E2BIG: 'its params, variables or command are longer than the system gives to a program: put what is long into a file',
  ERR_INVALID_ARG_VALUE: 'a param, a variable or the command holds a NUL character, which no program can be given',
  EAGAIN: 'the system has no process left for it: let less run at once',
  ENOMEM: 'the machine is out of memory: let less run at once',
};

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

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { areAlike } from '../../files/sealed-folder.ts';
import { lastLines } from '../../files/last-lines.ts';
import type { ExitRecord, JobSpecification } from '../../model/job.ts';
import { type Problem, withLog } from '../../model/problem.ts';
import type { ProblemCode } from '../../model/problem-codes.ts';
import { bytesText } from '../../text/amounts.ts';
import { attemptFile } from '../job/attempt-files.ts';
import { beganBy, TIME_UP } from '../cluster/ownership.ts';
import { isHopeless, isOver, isRequeued, type Word } from './word.ts';

/** Lines of a log that are told. */
const TOLD_LINES = 20;

/** What is known of a job that ended without its node having come to its end. */
export interface Ending {
  readonly id: string;
  readonly word: Word | undefined;
  /** Its node had begun. */
  readonly began: boolean;
  /** Slurm itself does not know it any more. */
  readonly isForgotten: boolean;
  /** Where it did not begin: that may be the fault of its machine, and there are others. */
  readonly isWorthAnother: boolean;
  /** The newest checkpoint when it began. */
  readonly resumed: string | undefined;
}

/** The name of a complete checkpoint among those of a work. */
const COMPLETE = /^complete-\d+$/;

/** The newest complete checkpoint of a work; undefined: none. */
export function newestCheckpoint({ checkpoints }: JobSpecification): string | undefined {
  const names = existsSync(checkpoints) ? readdirSync(checkpoints) : [];
  return names
    .filter((name) => COMPLETE.test(name))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .at(-1);
}

/** States in which Slurm has ended a job itself, also where all that its record knows is that its program was killed. One that waits was put back. */
const KILLERS: ReadonlySet<string> = new Set(['CANCELLED', 'DEADLINE', 'NODE_FAIL', 'OUT_OF_MEMORY', 'PENDING', 'PREEMPTED', 'TIMEOUT']);

/** Whether how an attempt ended is for its record to say, beside the word on its job. */
export function isTold(job: JobSpecification, exit: ExitRecord, word: Word | undefined): boolean {
  if (exit.ended !== 'failed') return exit.ended === 'done';
  return exit.problem.code !== 'killed' || !(KILLERS.has(word?.state ?? '') || isRequeued(word) || hasRunOutOfMemory(job, word));
}

/** How Slurm tells in the output of a job that memory ran out, whatever it calls the state of the job then; with the bytes that it took, or without. */
const OUT_OF_MEMORY = /exceeded (?:job )?memory limit(?: \((\d+) > \d+\))?|oom[-_ ]kill/i;

function hasRunOutOfMemory({ folder }: JobSpecification, word: Word | undefined): boolean {
  return word?.state === 'OUT_OF_MEMORY' || lastLines(attemptFile(folder, 'output'), TOLD_LINES).some((line) => OUT_OF_MEMORY.test(line));
}

/** The machine that an attempt was given; empty: nothing is known of one. */
export function machineOf({ folder }: JobSpecification, word: Word | undefined): string {
  return beganBy(folder)?.machine || (word?.nodes ?? '');
}

/** States that say that the machine ended it, and not the node. */
const INTERRUPTIONS: Readonly<Record<string, string>> = {
  BOOT_FAIL: 'its machine did not start',
  NODE_FAIL: 'its machine failed',
  PREEMPTED: 'it was preempted by another job',
};

type Tell = (code: ProblemCode, message: string, hint: string, kind?: Problem['kind']) => Problem;

/** What is wrong where a job ended before its node did. One that only its place ended is `interrupted`: it is tried again as if it had not been. */
export function endingProblem(job: JobSpecification, ending: Ending): Problem {
  const { id, word, began, isForgotten } = ending;
  const bad: Tell = (code, message, hint, kind = 'stage') =>
    withLog({ kind, code, message: `${job.node} ${message}`, hint }, lastLines(job.log, TOLD_LINES), job.log);
  const machine = machineOf(job, word);
  const where = machine === '' ? '' : ` on ${machine}`;
  const interruption = INTERRUPTIONS[word?.state ?? ''];
  if (interruption !== undefined) return bad('interrupted', `was ended by Slurm${where} (job ${id}): ${interruption}`, AGAIN);
  if (isHopeless(word)) {
    const hint = 'correct the settings of its executor in stillroom.yaml, or its resources:';
    return bad('cluster-refused', `can never begin in Slurm (job ${id}): ${word?.reason}`, hint);
  }
  if (existsSync(join(job.folder, TIME_UP)) || word?.state === 'TIMEOUT' || word?.state === 'DEADLINE')
    return timeProblem(job, ending, bad);
  if (hasRunOutOfMemory(job, word)) return memoryProblem(job, `job ${id}${where}`, bad);
  if (!isOver(word) && isForgotten)
    return bad('interrupted', `has lost its job ${id}${where}: Slurm does not know it any more, as after a controller was killed`, AGAIN);
  if (!isOver(word) && word !== undefined)
    return bad('interrupted', `was put back into the queue of Slurm (job ${id}: ${word.reason})`, AGAIN);
  if (word?.state === 'CANCELLED' && (began || word.nodes === '')) {
    const hint = `scontrol show job ${id} may tell by whom; run it again`;
    return bad('cancelled-outside', `was cancelled in Slurm (job ${id}), not by this run`, hint);
  }
  const words = lastLines(attemptFile(job.folder, 'output'), TOLD_LINES).join('\n  ');
  if (!began) return unbegunProblem(job, { ...ending, where, words }, bad);
  const told = word === undefined ? 'Slurm does not know it any more' : `Slurm says ${word.state}, ${word.reason}`;
  return bad('lost', `was lost${where}: its job ${id} has not said how it ended; ${told}`, words === '' ? AGAIN : words);
}

const AGAIN = 'run it again';

/** One whose time was up goes on from a checkpoint that it made meanwhile. */
function timeProblem(job: JobSpecification, { id, resumed }: Ending, bad: Tell): Problem {
  const newest = newestCheckpoint(job);
  const isNew = newest !== undefined && newest !== resumed;
  // Where the same was saved once more, going on would go on for ever.
  if (isNew && !(resumed !== undefined && areAlike(join(job.checkpoints, newest), join(job.checkpoints, resumed))))
    return bad('interrupted', `had no more time on the cluster (job ${id}); it goes on from its checkpoint ${newest}`, AGAIN);
  const hint =
    newest === undefined
      ? 'give its executor more time (time: 04:00:00 in stillroom.yaml), or let it save checkpoints: then it goes on from them'
      : `it got no further than the checkpoint ${resumed ?? newest}, from which it began: give its executor more time, or let it save more often`;
  return bad('timeout', `had no more time on the cluster (job ${id})`, hint);
}

function memoryProblem({ folder, resources: { memory } }: JobSpecification, which: string, bad: Tell): Problem {
  const figures = lastLines(attemptFile(folder, 'output'), TOLD_LINES).map((line) => Number(OUT_OF_MEMORY.exec(line)?.[1] ?? 0));
  const took = Math.max(...figures, 0);
  const given = memory > 0 ? `more than the ${bytesText(memory)} that it asked for` : 'more memory than its job was given';
  const message = took > 0 ? `took ${bytesText(took)}, ${given} (${which})` : `took ${given} (${which})`;
  return bad('out-of-memory', message, 'ask for more: resources: { memory: 16GiB } of the node, or memory: of its executor');
}

/** A job that came to nothing before its node began. */
function unbegunProblem(
  job: JobSpecification,
  { id, word, isWorthAnother, where, words }: Ending & { readonly where: string; readonly words: string },
  bad: Tell,
): Problem {
  const reason = word === undefined || word.reason === 'None' ? '' : `, ${word.reason}`;
  const message = `could not begin${where}: its job ${id} ended before (Slurm says ${word?.state ?? 'nothing'}${reason})`;
  if (isWorthAnother) return bad('interrupted', message, AGAIN);
  const hint = `see that machines of the cluster see ${job.folder} and ${process.execPath}, and that modules: and setup: of its executor work there`;
  return bad('not-begun', message, words === '' ? hint : `${hint}; it printed:\n  ${words}`, 'usage');
}

import { lastLines } from '../../files/last-lines.ts';
import { installation } from '../../model/installation.ts';
import type { JobSpecification } from '../../model/job.ts';
import { type Problem, withLog } from '../../model/problem.ts';
import type { ProblemCode } from '../../model/problem-codes.ts';
import { bytesText } from '../../text/amounts.ts';
import { attemptFile } from '../job/attempt-files.ts';
import { isOver, type Word } from './api.ts';
import { isGivenUp } from './ray-job.ts';
import { type Asked, askedText } from './submission.ts';

/** Lines of a log that are told. */
const TOLD_LINES = 20;

/** What is known of a job that ended without its node having come to its end. */
export interface Ending {
  readonly id: string;
  /** Undefined, or not over: no Ray knows it any more. */
  readonly word: Word | undefined;
  readonly began: boolean;
  readonly asked: Asked;
}

/** What Ray says where a machine of it is gone. */
const MACHINE_GONE = /node has died|node (?:was|is) (?:terminated|dead|removed)|node died|NODE_DIED|unexpectedly terminated node/i;

/** What it says where it killed a job since a machine had no memory left. */
const NO_MEMORY = /low on memory|memory pressure|OUT_OF_MEMORY|OutOfMemory/;

/** Ray's own words on why a job did not come to its end: the last of what it printed, or of what Ray says. */
export function reasonIn({ message, state }: Word): string {
  const lines = message
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^Running entrypoint for job|INFO job_manager/.test(line));
  const told = [...new Set([lines[0] ?? '', lines.at(-1) ?? ''].map((line) => line.replace(/, last available logs.*$/, '')))]
    .filter((line) => line !== '')
    .join('; ');
  return told === '' ? state : told;
}

/** What is wrong where a job ended before its node did. One that only its place ended is `interrupted`: it is tried again as if it had not been. */
export function endingProblem(job: JobSpecification, ending: Ending): Problem {
  const { id, word, began } = ending;
  const bad = (code: ProblemCode, message: string, hint: string): Problem =>
    withLog({ kind: 'stage', code, message: `${job.node} ${message}`, hint }, lastLines(job.log, TOLD_LINES), job.log);
  if (!isOver(word)) return bad('interrupted', `was ended with the Ray that had it: nobody knows its job ${id} any more`, 'run it again');
  if (MACHINE_GONE.test(word.message)) return bad('interrupted', `was ended in Ray (job ${id}): its machine is gone`, 'run it again');
  if (NO_MEMORY.test(word.message)) {
    const { memory } = ending.asked;
    const given = memory > 0 ? `beside the ${bytesText(memory)} that it asked for` : 'on its machine';
    return bad('out-of-memory', `was ended by Ray (job ${id}): no memory was left ${given}`, 'ask for more: resources: { memory: 16GiB }');
  }
  if (word.state === 'STOPPED')
    return bad('cancelled-outside', `was stopped in Ray (job ${id}), not by this run`, 'somebody did so by ray job stop; run it again');
  if (!began) return neverBegun(job, ending, word);
  const words = lastLines(attemptFile(job.folder, 'output'), TOLD_LINES).join('\n  ');
  const message = `was lost: its job ${id} has not said how it ended; Ray says ${word.state}: ${reasonIn(word)}`;
  return bad('lost', message, words === '' ? 'run it again' : words);
}

/** What is wrong where Ray began a job, or gave it up, and its node has not begun. */
function neverBegun({ node, folder }: JobSpecification, { id, asked }: Ending, word: Word): Problem {
  const bad = (message: string, hint: string): Problem => ({ kind: 'stage', code: 'cluster-refused', message: `${node} ${message}`, hint });
  if (isGivenUp(word))
    return bad(
      `found no machine in Ray that is as large as it asks for (${askedText(asked)}; job ${id})`,
      'ask for less in resources:, correct cpus:, gpus:, memory: and resources: of its executor in stillroom.yaml, or give Ray such a machine',
    );
  if (word.state === 'SUCCEEDED')
    return bad(
      `could not begin in Ray (job ${id}): its machine does not see the folder ${folder}`,
      'keep the store where all machines of Ray see it, under the same path: --store FOLDER',
    );
  const words = lastLines(attemptFile(folder, 'output'), TOLD_LINES).join('\n  ');
  const hint = `see that the machines of Ray see ${installation} and ${process.execPath}, and that setup: works`;
  return bad(`could not begin in Ray (job ${id}): ${reasonIn(word)}`, words === '' ? hint : `${hint}\n  ${words}`);
}

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { lastLines } from '../../files/last-lines.ts';
import type { JobSpecification } from '../../model/job.ts';
import { type Problem, withLog } from '../../model/problem.ts';
import type { ProblemCode } from '../../model/problem-codes.ts';
import { bytesText } from '../../text/amounts.ts';
import { attemptFile } from '../job/attempt-files.ts';
import { TIME_UP } from '../cluster/ownership.ts';
import { isHopeless, type Word } from './squeue.ts';

/** Lines of a log that are told. */
const TOLD_LINES = 20;

/** What is known of a job that ended without its node having come to its end. */
export interface Ending {
  readonly id: string;
  readonly word: Word | undefined;
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

/** States that say that the machine ended it, and not the node. */
const INTERRUPTIONS: Readonly<Record<string, string>> = {
  BOOT_FAIL: 'its node did not start',
  NODE_FAIL: 'its node failed',
  PREEMPTED: 'it was preempted by another job',
};

/** What is wrong where a job ended before its node did. One that only its place ended is `interrupted`: it is tried again as if it had not been. */
export function endingProblem(job: JobSpecification, { id, word, resumed }: Ending): Problem {
  const bad = (code: ProblemCode, message: string, hint: string): Problem =>
    withLog({ kind: 'stage', code, message: `${job.node} ${message}`, hint }, lastLines(job.log, TOLD_LINES), job.log);
  const where = word === undefined || word.nodes === '' ? '' : ` on ${word.nodes}`;
  const state = existsSync(join(job.folder, TIME_UP)) ? 'TIMEOUT' : word?.state;
  const interruption = state === undefined ? undefined : INTERRUPTIONS[state];
  if (interruption !== undefined) return bad('interrupted', `was ended by Slurm${where} (job ${id}): ${interruption}`, 'run it again');
  if (isHopeless(word)) {
    const hint = 'correct the settings of its executor in stillroom.yaml, or its resources:';
    return bad('cluster-refused', `can never begin in Slurm (job ${id}): ${word?.reason}`, hint);
  }
  switch (state) {
    case 'TIMEOUT':
    case 'DEADLINE': {
      const newest = newestCheckpoint(job);
      if (newest !== undefined && newest !== resumed)
        return bad('interrupted', `had no more time on the cluster (job ${id}); it goes on from its checkpoint ${newest}`, 'run it again');
      const hint =
        newest === undefined
          ? 'give its executor more time (time: 04:00:00 in stillroom.yaml), or let it save checkpoints: then it goes on from them'
          : `it made no checkpoint after ${newest}, from which it began: give its executor more time, or let it save them more often`;
      return bad('timeout', `had no more time on the cluster (job ${id})`, hint);
    }
    case 'OUT_OF_MEMORY': {
      const { memory } = job.resources;
      const given = memory > 0 ? `more than the ${bytesText(memory)} that it asked for` : 'more memory than its job was given';
      return bad('out-of-memory', `took ${given} (job ${id}${where})`, 'ask for more: resources: { memory: 16GiB }');
    }
    case 'CANCELLED':
      return bad(
        'cancelled-outside',
        `was cancelled in Slurm (job ${id}), not by this run`,
        'scontrol show job tells by whom; run it again',
      );
    default: {
      const told = word === undefined ? 'Slurm does not know it any more' : `Slurm says ${word.state}, ${word.reason}`;
      const words = lastLines(attemptFile(job.folder, 'output'), TOLD_LINES).join('\n  ');
      return bad('lost', `was lost${where}: its job ${id} has not said how it ended; ${told}`, words === '' ? 'run it again' : words);
    }
  }
}

/** What Slurm says of a job: a hint, never the truth. */
export interface Word {
  /** As Slurm names it: PENDING, RUNNING, NODE_FAIL, … */
  readonly state: string;
  /** Why it waits or ended. */
  readonly reason: string;
  /** The nodes of the cluster that it has. */
  readonly nodes: string;
}

/** States in which nothing of a job runs any more. */
const OVER: ReadonlySet<string> = new Set([
  'BOOT_FAIL',
  'CANCELLED',
  'COMPLETED',
  'DEADLINE',
  'FAILED',
  'NODE_FAIL',
  'OUT_OF_MEMORY',
  'PREEMPTED',
  'REVOKED',
  'TIMEOUT',
]);

/** Whether a job has ended, as Slurm sees it. */
export function isOver(word: Word | undefined): boolean {
  return word !== undefined && OVER.has(word.state);
}

/** Why a job waits that will never begin. */
const HOPELESS =
  /^(?:Bad[Cc]onstraints|Invalid(?:Account|QOS)|PartitionTimeLimit|AccountNotAllowed|QOSNotAllowed|(?:Assoc|QOS)Max\w+PerJob\w*|Reservation Deleted|DependencyNeverSatisfied)$/;

/** Whether a job waits for what will never be, or was given up by Slurm for that. */
export function isHopeless(word: Word | undefined): boolean {
  return (word?.state === 'PENDING' || word?.state === 'FAILED') && HOPELESS.test(word.reason);
}

/** States and reasons of a job that Slurm has put back into the queue, and holds there. */
const HELD_STATES: ReadonlySet<string> = new Set(['REQUEUE_HOLD', 'SPECIAL_EXIT']);
const REQUEUED = /requeued.held|JobHoldMaxRequeue/i;

/** Whether a job waits that had begun, or could not: nobody but an administrator lets it begin again. */
export function isRequeued(word: Word | undefined): boolean {
  return word !== undefined && (HELD_STATES.has(word.state) || (word.state === 'PENDING' && REQUEUED.test(word.reason)));
}

/** What some of the reasons mean for which a job waits, and what can be done. */
const WAITING: Readonly<Record<string, string>> = {
  JobHeldAdmin: 'an administrator holds it',
  JobHeldUser: 'it is held; scontrol release lets it go',
  PartitionDown: 'its partition is down',
  PartitionInactive: 'its partition takes no jobs now',
};

/** The reason for which a job waits, for people. */
export function waitingText(reason: string): string {
  const meaning = WAITING[reason];
  return meaning === undefined ? reason : `${reason}, ${meaning}`;
}

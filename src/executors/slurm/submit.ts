import { setTimeout as sleep } from 'node:timers/promises';
import { done, failed, type Outcome, type Problem } from '../../model/problem.ts';
import { SECRET_PREFIX } from '../job/attempt-files.ts';
import { type Answer, ask, saidBy } from './commands.ts';
import type { SlurmSettings } from './slurm-settings.ts';
import type { Squeue } from './squeue.ts';

/** What a refusal means, by what sbatch says. */
const REFUSALS: readonly (readonly [RegExp, string])[] = [
  [/configuration source/i, 'this machine belongs to no cluster: run this on a login node, or set SLURM_CONF'],
  [/partition/i, 'sinfo -s lists the partitions: set partition: of the executor in stillroom.yaml'],
  [/account/i, 'sacctmgr show associations user=$USER lists your accounts: set account: of the executor in stillroom.yaml'],
  [/qos/i, 'set qos: of the executor in stillroom.yaml to one that your account may use'],
  [/time limit/i, 'set time: of the executor in stillroom.yaml to what its partition allows'],
  [/gres|generic resource/i, 'sinfo -o "%P %G" lists what partitions have: set gres: of the executor in stillroom.yaml'],
  [
    /node configuration|memory specification|cpu count/i,
    'no node of that partition is so large: ask for less in resources:, or choose another',
  ],
  [/feature/i, 'sinfo -o "%P %f" lists the features of nodes: set constraint: of the executor in stillroom.yaml'],
];

/** What passes: the controller is away, or takes no more jobs just now. */
const PASSING =
  /contact slurm controller|timed out|connection refused|temporarily unable|submit limit|QOSMaxSubmit|AssocMaxSubmit|try again|in standby mode/i;

/** The longest time between two tries, in milliseconds. */
const LONGEST = 120_000;

/** What is submitted. */
export interface Submission {
  /** The name of its job, by which it is found where the answer was lost. */
  readonly name: string;
  /** The node, for messages; of pilots one of those that wait for them. */
  readonly node: string;
  readonly command: readonly string[];
  readonly script: string;
  /** Variables for the job alone: it gives them to nobody who may ask the controller. */
  readonly handed: Readonly<Record<string, string>>;
}

/** What submitting needs beside. */
export interface Submitting {
  readonly settings: SlurmSettings;
  readonly environment: Record<string, string>;
  readonly squeue: Squeue;
  /** Told once where it has to wait. */
  readonly onWait: (message: string) => void;
  readonly signal: AbortSignal;
}

/** The values of secrets as a job is handed them. */
export function handedSecrets(secrets: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(secrets).map(([name, value]) => [SECRET_PREFIX + name, value]));
}

/** Gives something to Slurm; the job's number. Undefined: the signal came first. What passes is waited for; nothing is submitted twice. */
export async function submit(
  { name, node, command, script, handed }: Submission,
  submitting: Submitting,
): Promise<Outcome<string | undefined>> {
  const { settings, environment, squeue, onWait, signal } = submitting;
  for (let wait = settings.poll; !signal.aborted; wait = Math.min(2 * wait, LONGEST)) {
    const answer = await ask([...command, '--export=ALL'], { environment: { ...environment, ...handed }, input: script });
    const [id = ''] = answer.printed.trim().split(';');
    if (answer.code === 0 && /^\d+$/.test(id)) return done(id);
    if (!PASSING.test(answer.said)) return failed(refused(node, answer));
    if (wait === settings.poll) onWait(`${node} waits for Slurm, which takes no job now: ${saidBy(answer)}`);
    await sleep(wait, undefined, { signal }).catch(() => undefined);
    // One whose answer was lost may have been taken.
    const taken = await squeue.find(name, signal);
    if (taken !== undefined) return done(taken);
  }
  return done(undefined);
}

/** What is wrong where Slurm does not take a job. */
export function refused(node: string, answer: Answer): Problem {
  if (answer.code === 127)
    return {
      kind: 'usage',
      code: 'cluster-refused',
      message: `${node} cannot be given to Slurm: there is no sbatch in PATH`,
      hint: 'run this on a login node of the cluster, or choose another executor: --executor local',
    };
  const said = saidBy(answer);
  const hint = REFUSALS.find(([pattern]) => pattern.test(said))?.[1] ?? 'correct the settings of the executor in stillroom.yaml';
  return { kind: 'usage', code: 'cluster-refused', message: `${node} was refused by Slurm: ${said}`, hint };
}

import { setTimeout as sleep } from 'node:timers/promises';
import { done, failed, type Outcome, type Problem } from '../../model/problem.ts';
import { SECRET_PREFIX } from '../job/attempt-files.ts';
import { type Answer, ask, saidBy } from './commands.ts';
import type { SlurmSettings } from './slurm-settings.ts';
import type { Squeue } from './squeue.ts';

/** What a refusal means, by what sbatch says. */
const REFUSALS: readonly (readonly [RegExp, string])[] = [
  [/configuration source|find an address/i, 'this machine belongs to no cluster: run this on a login node, or set SLURM_CONF'],
  [/policy/i, 'ask for less (resources: of the node, time: of the executor in stillroom.yaml), or set qos: to one that allows more'],
  [/partition/i, 'sinfo -s lists the partitions: set partition: of the executor in stillroom.yaml'],
  [/account/i, 'sacctmgr show associations user=$USER lists your accounts: set account: of the executor in stillroom.yaml'],
  [/qos/i, 'set qos: of the executor in stillroom.yaml to one that your account may use'],
  [/time limit/i, 'set time: of the executor in stillroom.yaml to what its partition allows'],
  [/gres|generic resource/i, 'sinfo -o "%P %G" lists what partitions have: set gres: of the executor in stillroom.yaml'],
  [
    /node configuration|memory specification|cpu count/i,
    'no node of that partition is so large: ask for less in resources:, or choose another',
  ],
  [/reservation/i, 'scontrol show reservation lists them: correct --reservation in sbatch: of the executor in stillroom.yaml'],
  [/permi(?:ssion|tted)|access denied/i, 'ask who runs the cluster which partition, account and qos you may use'],
  [/feature/i, 'sinfo -o "%P %f" lists the features of nodes: set constraint: of the executor in stillroom.yaml'],
];

/** What passes: the controller is away or not itself, takes no more jobs just now, or this machine has no room for sbatch. */
const PASSING = new RegExp(
  [
    'contact slurm controller|standby mode|waited for|timed out|connection (?:refused|reset)|broken pipe|not connected|missing socket',
    'no route to host|network is (?:down|unreachable)|name resolution|interrupted system call',
    'message (?:send|receive) failure|communication (?:connection|shutdown) failure|failed to send entire message|zero (?:bytes|length)',
    'header lengths|authenticat|munge|try again|temporarily unable|unexpected message|presently disabled|submissions disabled',
    '(?:partition|node) not available|partition configuration not available|writing script|max\\w*submit|grpsubmit|submit limit',
    'EAGAIN|EMFILE|ENFILE|ENOMEM|resource temporarily unavailable|cannot allocate memory',
  ].join('|'),
  'i',
);

/** Words of one who refuses; what is said in none of these words, nor in those above, is asked for a few times more. */
const REFUSING =
  /invalid|denied|permitted|not supported|unsupported|unrecognized|unknown|must|requested|specif|violates|exceed|too (?:long|many)|no such/i;
const MOST_UNCLEAR = 3;

/** A limit of accounting that a job exceeds by itself: it does not pass, although the words that follow it speak of all limits. */
const OWN_LIMIT = /\b(?:QOS|Assoc)Max(?!\w*Submit)\w*(?:Per(?:Job|Node)\w*|Wall\w*)|\bQOSMin\w+/i;

/** Sbatch tries by itself then, and says nothing but this for minutes. */
export const RETRYING = /sleeping and retrying/;

/** What is refused for the machines that a job must not be given. */
const EXCLUDED = /node configuration|invalid node name|nodes not in this partition/i;

/** The longest time between two tries, in milliseconds. */
const LONGEST = 120_000;

/** Milliseconds that taking a job back may take, for whose end nobody waits. */
const WITHDRAWING = 5000;

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
  let isWaiting = false;
  let unclear = 0;
  let asked = [...command, '--export=ALL'];
  for (let wait = settings.poll; !signal.aborted; wait = Math.min(2 * wait, LONGEST)) {
    const answer = await ask(asked, { environment: { ...environment, ...handed }, input: script, signal, enough: RETRYING });
    const [id = ''] = answer.printed.trim().split(';');
    if (answer.code === 0 && /^\d+$/.test(id)) return done(id);
    if (signal.aborted) return withdrawn(name, environment);
    const others = asked.filter((option) => !option.startsWith('--exclude='));
    if (others.length < asked.length && EXCLUDED.test(answer.said)) {
      // Better a machine that failed than none.
      asked = others;
      continue;
    }
    if (isRefusal(answer) || (!isPassing(answer) && unclear >= MOST_UNCLEAR)) return failed(refused(node, answer));
    if (!isPassing(answer)) unclear += 1;
    if (!isWaiting) onWait(`${node} waits for Slurm, which takes no job now: ${saidBy(answer)}`);
    isWaiting = true;
    await sleep(wait, undefined, { signal }).catch(() => undefined);
    // One whose answer was lost may have been taken.
    const taken = await squeue.findAny(name, signal);
    if (taken !== undefined) return done(taken);
  }
  return done(undefined);
}

/** Cancels what Slurm may have taken while nobody waited for its answer any more. If it cannot be reached, that job finds no attempt, and ends at once. */
async function withdrawn(name: string, environment: Record<string, string>): Promise<Outcome<undefined>> {
  await ask(['scancel', `--name=${name}`], { environment, signal: AbortSignal.timeout(WITHDRAWING) });
  return done(undefined);
}

/** Whether Slurm may take a job later that it has not taken now. */
function isPassing({ code, said }: Answer): boolean {
  return code !== 127 && PASSING.test(said) && !OWN_LIMIT.test(said);
}

/** Whether Slurm will not take a job, however often it is asked. */
export function isRefusal(answer: Answer): boolean {
  return answer.code === 127 || (!isPassing(answer) && (OWN_LIMIT.test(answer.said) || REFUSING.test(answer.said)));
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
  const limit = OWN_LIMIT.exec(answer.said)?.[0];
  const said = `${saidBy(answer)}${limit === undefined ? '' : `: ${limit}`}`;
  const hint = REFUSALS.find(([pattern]) => pattern.test(said))?.[1] ?? 'correct the settings of the executor in stillroom.yaml';
  return { kind: 'usage', code: 'cluster-refused', message: `${node} was refused by Slurm: ${said}`, hint };
}

/** Who holds something that others wait for, or waits for it: a node of a run, or a command. */
export interface Who {
  readonly pid: number;
  /** When it began to hold it, or to wait (ISO 8601, UTC). */
  readonly since: string;
  /** The project's folder, absolute. */
  readonly project?: string;
  readonly pipeline?: string;
  readonly run?: string;
  readonly node?: string;
  /** What else it is, such as `stillroom gc`. */
  readonly command?: string;
}

/** What is waited for. `alone`: that nothing else works on the machine; `measurement`: that a node has measured. `remains`: what an earlier run left. */
export type WaitReason = 'alone' | 'measurement' | 'devices' | 'work' | 'environment' | 'remains' | 'remote' | 'store';

/** Why something does not go on, in words, and whom it waits for as far as that is known. */
export interface Waiting {
  readonly reason: WaitReason;
  /** Goes on from the name of what waits: `waits for …`. */
  readonly message: string;
  readonly for: readonly Who[];
}

/** How someone waits: told about once it has taken a moment, and again when it waits for others; ended by the signal. */
export interface Asker {
  readonly who: Who;
  readonly signal: AbortSignal;
  readonly onWait: (waiting: Waiting) => void;
}

/** Milliseconds after which waiting is told. */
export const MOMENT = 1000;

/** Whom a message names; the others it counts. */
const NAMED = 2;

/** Whether a value is a note of who someone is. */
export function isWho(value: unknown): value is Who {
  if (value === null || typeof value !== 'object') return false;
  const { pid, since, project, pipeline, run, node, command } = value as Partial<Record<string, unknown>>;
  const areTexts = [project, pipeline, run, node, command].every((one) => one === undefined || typeof one === 'string');
  return typeof pid === 'number' && typeof since === 'string' && areTexts;
}

/** Someone in words: `train of the run 2026… (/home/me/project)`. */
export function nameOf({ node, run, project, command, pid }: Who): string {
  const what = command ?? (run === undefined ? `process ${pid}` : node === undefined ? `the run ${run}` : `${node} of the run ${run}`);
  return project === undefined ? what : `${what} (${project})`;
}

/** Several in words; of many only the first are named. */
export function namesOf(all: readonly Who[]): string {
  const named = all.slice(0, NAMED).map(nameOf).join(', ');
  return all.length > NAMED ? `${named} and ${all.length - NAMED} more` : named;
}

/** For how long someone has held it or waited, in words of whole minutes and hours where it is long: `for 5 min`. */
export function forHowLong({ since }: Who, now = Date.now()): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(since)) / 1000));
  if (seconds < 120) return `for ${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 120 ? `for ${minutes} min` : `for ${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Says that something was measured beside others. */
export function disturbedText(by: readonly string[]): string {
  return `measured while other work ran${by.length === 0 ? '' : `: ${by.join(', ')}`}; not reused by other runs`;
}

/** Tells about a wait if it takes more than a moment; what it resolves to is handed on. */
export async function telling<Value>(waited: Promise<Value>, tell: () => void): Promise<Value> {
  const timer = setTimeout(tell, MOMENT);
  try {
    return await waited;
  } finally {
    clearTimeout(timer);
  }
}

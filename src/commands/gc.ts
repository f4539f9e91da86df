import { done, failed, type Outcome, type Problem } from '../model/problem.ts';
import { RECORD_FORMAT } from '../model/run.ts';
import type { Garbage, KeepPolicy, Store } from '../model/store.ts';
import { EXIT, fail, printJson } from './problems.ts';
import { type CommonOptions, openStore, projectRoot } from './project.ts';

export interface GcOptions extends CommonOptions {
  readonly keepRuns?: string;
  readonly keepDays?: string;
  readonly dryRun?: boolean;
  readonly wait?: boolean;
}

/** Milliseconds that short commands beside are waited for. */
const SHORT_WAIT = 1500;

function amount(text: string | undefined, option: string): Outcome<number | undefined> {
  if (text === undefined) return done(undefined);
  const value = Number(text);
  return Number.isFinite(value) && value >= 0 && text.trim() !== ''
    ? done(value)
    : failed({ kind: 'usage', code: 'bad-option', message: `${option} ${text} is not a number of 0 or more` });
}

/** `stillroom gc`: removes what no kept run reaches; says what it frees before it does. */
export async function gcCommand(options: GcOptions): Promise<number> {
  const json = options.json === true;
  const runs = amount(options.keepRuns, '--keep-runs');
  const days = amount(options.keepDays, '--keep-days');
  for (const one of [runs, days]) if (!one.ok) return fail(one.problems, json);
  const policy: KeepPolicy = { runs: runs.ok ? runs.value : undefined, days: days.ok ? days.value : undefined };
  const store = openStore(projectRoot(process.cwd()), options);
  if (!store.ok) return fail(store.problems, json);
  if (options.dryRun !== true) {
    const taken = await takeAlone(store.value, options.wait === true);
    if (!taken.ok) return fail(taken.problems, json);
  }
  const strange = store.value.runs.ids().filter((id) => (store.value.runs.read(id)?.format ?? Number.POSITIVE_INFINITY) > RECORD_FORMAT);
  if (strange.length > 0) return fail([unreadable(strange)], json);
  const garbage = store.value.maintenance.findGarbage(policy);
  store.value.flush();
  if (!json) print(garbage, policy, options.dryRun === true);
  if (options.dryRun !== true) store.value.maintenance.remove(garbage);
  store.value.maintenance.leave();
  if (json) {
    const { removedRuns, keptRuns, results, blobs, bytes } = garbage;
    printJson({
      removed: options.dryRun !== true,
      runs: removedRuns,
      kept: [...keptRuns].map(([run, why]) => ({ run, why })),
      results: results.length,
      blobs: blobs.length,
      bytes,
    });
  } else process.stdout.write(options.dryRun === true ? 'nothing was removed (--dry-run)\n' : 'removed\n');
  return EXIT.done;
}

/** What a record that cannot be read keeps is not known, so nothing is removed. */
function unreadable(ids: readonly string[]): Problem {
  return {
    kind: 'store',
    code: 'unreadable-record',
    message: `the records of ${ids.slice(0, 5).join(', ')} are damaged or were written by a newer Stillroom; nothing was removed`,
    hint: 'update Stillroom, or move those files out of runs/ in the store',
  };
}

async function takeAlone(store: Store, isPatient: boolean): Promise<Outcome<undefined>> {
  const signal = isPatient ? new AbortController().signal : AbortSignal.timeout(SHORT_WAIT);
  const isAlone = await store.maintenance.takeAlone(signal, () => {
    if (isPatient) process.stderr.write('waits until no run uses the store\n');
  });
  if (isAlone) return done(undefined);
  const live = [...store.runs.all()].filter(({ state }) => state === 'live').map(({ id, pipeline }) => `${id} (${pipeline})`);
  return failed({
    kind: 'usage',
    code: 'store-in-use',
    message: `the store is in use${live.length === 0 ? ' by another command' : `: ${live.join(', ')} ${live.length === 1 ? 'is' : 'are'} live`}; nothing was removed`,
    hint: 'try again when they have ended, or wait for them: stillroom gc --wait',
  });
}

/** Bytes as a person reads them. */
function bytesText(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${power === 0 ? bytes : (bytes / 1024 ** power).toFixed(1)} ${units[power]}`;
}

function print({ removedRuns, keptRuns, results, blobs, bytes }: Garbage, policy: KeepPolicy, isDry: boolean): void {
  const reasons = new Map<string, number>();
  for (const why of keptRuns.values()) reasons.set(why, (reasons.get(why) ?? 0) + 1);
  const told = [...reasons].map(([why, count]) => `${count} ${why}`).join(', ');
  const lines = [
    `keeps ${keptRuns.size} runs${told === '' || keptRuns.size === 0 ? '' : ` (${told})`} and all that they reach`,
    ...(removedRuns.length === 0
      ? []
      : [`removes the records of ${removedRuns.length} runs: ${removedRuns.slice(0, 5).join(', ')}${removedRuns.length > 5 ? ', …' : ''}`]),
    `${isDry ? 'would free' : 'frees'} ${bytesText(bytes)}: ${results.length} results, ${blobs.length} blobs, and what was left over`,
    ...(policy.runs === undefined && policy.days === undefined ? ['to let go of old runs: --keep-runs N, --keep-days D'] : []),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

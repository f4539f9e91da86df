import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jsonNamesIn, makeFolders } from '../../files/folder.ts';
import { lastLines } from '../../files/last-lines.ts';
import { readSealed } from '../../files/sealed.ts';
import { lookAnewAt } from '../../files/shared-file-system.ts';
import { digestOf } from '../../model/canonical.ts';
import type { ExecutorOpening } from '../../model/executor.ts';
import { installation } from '../../model/installation.ts';
import { done, failed, type Outcome, type Problem } from '../../model/problem.ts';
import { shellWord } from '../../text/shell-word.ts';
import {
  checks,
  fileSystems,
  installed,
  isPlace,
  lackOf,
  type Needs,
  type Place,
  placeFolder,
  present,
  unasked,
} from '../cluster/place.ts';
import { type Begun, beginPlaceJob, followPlaceJob, type PlaceEnd, type PlaceJob, withdraw } from './place-job.ts';
import { placeOptions, preparing } from './submission.ts';
import type { SlurmSettings } from './slurm-settings.ts';

/** Milliseconds after which what a job tells is left to the next run. */
const PATIENCE = 60_000;

/** Lines of what a job printed that are told. */
const TOLD_LINES = 10;

/** An executor whose machines are asked. */
export interface Asking {
  readonly opening: ExecutorOpening;
  readonly settings: SlurmSettings;
  /** The environment of commands of Slurm. */
  readonly environment: Record<string, string>;
}

/** By what the machines of an executor are known, and what they must have. */
export interface Known {
  /** The digest of all that what they tell depends on. */
  readonly key: string;
  readonly needs: Needs;
}

/** What is asked of an executor's machines, and of which of them. */
export function knownBy({ opening, settings, environment }: Asking): Known {
  const { engines, paths = [] } = opening;
  const folder = placeFolder(opening.environment, 'slurm');
  const before = preparing(settings);
  const options = [...placeOptions(settings), ...settings.sbatch, ...(usesDevice(opening) ? [settings.gres] : [])];
  const conf = environment['SLURM_CONF'] ?? '';
  const key = digestOf({ options, before, conf, engines, folder, drives: fileSystems(paths), ...installed() });
  const said = `${key}-$SLURM_JOB_ID.said`;
  return { key, needs: { folder, mark: `${key}.asked`, said, before, paths: present(paths) } };
}

/** Whether machines with devices are asked. */
export function usesDevice({ settings }: ExecutorOpening): boolean {
  return settings['gres'] !== undefined;
}

/** What the machines that jobs are given are and have. A job tells that once for each kind of place; it is kept in the user's cache. */
export async function clusterPlace(asking: Asking): Promise<Outcome<Place>> {
  const { opening, settings, environment } = asking;
  const { name, tell = () => undefined, isAskedAnew = false, signal = new AbortController().signal } = opening;
  const known = knownBy(asking);
  const { folder, mark } = known.needs;
  const kept = isAskedAnew ? undefined : readPlace(known);
  if (kept !== undefined) return done(kept);
  makeFolders(folder);
  writeFileSync(join(folder, mark), '');
  const program = [process.execPath, join(installation, 'dist/executors/cluster/probe.js'), join(folder, known.key)];
  const job: PlaceJob = {
    ...{ name: `still-probe-${known.key.slice(0, 12)}`, purpose: `a job that tells what ${name} is`, settings, environment, tell },
    script: `${checks(known.needs)}exec ${program.map(shellWord).join(' ')}"-$SLURM_JOB_ID.json"\n`,
    usesDevice: usesDevice(opening),
    signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]),
  };
  const begun = await beginPlaceJob(job);
  if (!begun.ok) return signal.aborted ? failed(unasked(name)) : begun;
  tell(`job ${begun.value.id} of Slurm tells what machines ${name} has; that is kept`);
  const place = await followPlaceJob(job, begun.value, (isAnew) => {
    if (isAnew) lookAnewAt(folder);
    return readPlace(known, begun.value.id);
  });
  if (signal.aborted && !('platform' in place)) {
    // One that another run submitted is that run's.
    if (begun.value.isFound !== true) await withdraw(job);
    return failed(unasked(name));
  }
  if (!('platform' in place)) return failed(silent(name, known, { ...begun.value, ...place }));
  forgetOthers(known, begun.value.id);
  return done(place);
}

/** What a job told, be it any or a certain one. Whoever lists a folder of a network drive is shown what is new in it. */
function readPlace({ key, needs: { folder } }: Known, id?: string): Place | undefined {
  const ids = jobsIn(folder, key).filter((one) => id === undefined || one === id);
  const newest = ids.sort((a, b) => Number(a) - Number(b)).at(-1);
  return newest === undefined ? undefined : readSealed(join(folder, `${key}-${newest}.json`), isPlace);
}

/** The jobs that told of a kind of place. */
function jobsIn(folder: string, key: string): string[] {
  return jsonNamesIn(folder).flatMap((name) => (name.startsWith(`${key}-`) ? [name.slice(key.length + 1)] : []));
}

function forgetOthers({ key, needs: { folder } }: Known, id: string): void {
  for (const other of jobsIn(folder, key))
    if (other !== id) for (const kind of ['json', 'said']) rmSync(join(folder, `${key}-${other}.${kind}`), { force: true });
}

/** The last lines that a job printed. */
export function saidByJob({ key, needs: { folder } }: Known, id: string): string {
  return lastLines(join(folder, `${key}-${id}.said`), TOLD_LINES).join('\n  ');
}

function silent(name: string, known: Known, { id, word, code }: Begun & PlaceEnd): Problem {
  const problem = (message: string, hint: string): Problem => ({
    kind: 'usage',
    code: 'cluster-refused',
    message: `${name}: ${message}`,
    hint,
  });
  const said = saidByJob(known, id);
  const lack = lackOf(code, known.needs, said);
  if (lack !== undefined) return problem(lack.message, lack.hint);
  const told = word === undefined ? '' : `: ${word.state}, ${word.reason}`;
  if (code === undefined) {
    const hint = `if it only waits (squeue -j ${id}), run again later: what it tells is kept. Else see that modules: and setup: work`;
    return problem(`its job ${id}, which tells what machines it has, has not come to its end${told}`, hint);
  }
  const words = said === '' ? 'see that modules: and setup: work on its machines' : said;
  return problem(`its job ${id}, which tells what machines it has, failed${told} (exit code ${code})`, words);
}

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolders } from '../../files/folder.ts';
import { isObject, parseJson } from '../../files/json.ts';
import { lastLines } from '../../files/last-lines.ts';
import { readSealed } from '../../files/sealed.ts';
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
import { refused } from './answers.ts';
import { isOver, type RayApi, type Word } from './api.ts';
import { reasonIn } from './ended.ts';
import { beginPlaceJob, followPlaceJob, type PlaceJob } from './place-job.ts';
import type { RaySettings } from './ray-settings.ts';

/** Milliseconds after which what a job tells is left to the next run. */
const PATIENCE = 60_000;

/** Lines of what a job printed that are told. */
const TOLD_LINES = 10;

/** The oldest Ray whose jobs can be asked for memory. */
const OLDEST: readonly [major: number, minor: number] = [2, 9];

/** An executor whose machines are asked. */
export interface Asking {
  readonly opening: ExecutorOpening;
  readonly settings: RaySettings;
  readonly api: RayApi;
}

/** By what the machines of an executor are known, and what they must have. */
export interface Known {
  /** The digest of all that what they tell depends on. */
  readonly key: string;
  readonly needs: Needs;
}

/** What is asked of an executor's machines, and of which of them. */
export function knownBy({ opening, settings }: Asking): Known {
  const { engines, paths = [], environment } = opening;
  const { address, gpus, resources, setup } = settings;
  const folder = placeFolder(environment, 'ray');
  const place = { address, gpus, resources: { ...resources }, setup: [...setup] };
  const key = digestOf({ ...place, engines, folder, drives: fileSystems(paths), ...installed() });
  return { key, needs: { folder, mark: `${key}.asked`, said: `${key}.said`, before: setup, paths: present(paths) } };
}

/** What the machines that jobs are given are and have. A job tells that once for each kind of place; it is kept in the user's cache. */
export async function rayPlace(asking: Asking): Promise<Outcome<Place>> {
  const { opening, settings, api } = asking;
  const { name, tell = () => undefined, isAskedAnew = false, signal = new AbortController().signal } = opening;
  const known = knownBy(asking);
  const { folder, mark } = known.needs;
  const file = join(folder, `${known.key}.json`);
  const kept = isAskedAnew ? undefined : readSealed(file, isPlace);
  if (kept !== undefined) return done(kept);
  const wrong = await versionProblem(api, name);
  if (wrong !== undefined) return failed(wrong);
  makeFolders(folder);
  writeFileSync(join(folder, mark), '');
  const program = [process.execPath, join(installation, 'dist/executors/cluster/probe.js'), file];
  const job: PlaceJob = {
    ...{ id: `still-probe-${known.key.slice(0, 12)}`, name, purpose: 'tells what machines there are', settings, tell },
    script: `${checks(known.needs)}exec ${program.map(shellWord).join(' ')}\n`,
    signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]),
  };
  const begun = await beginPlaceJob(api, job);
  if (!begun.ok) return signal.aborted ? failed(unasked(name)) : begun;
  tell(`job ${job.id} of Ray tells what machines ${name} has; that is kept`);
  const place = await followPlaceJob(api, job, (word) => (word?.state === 'SUCCEEDED' ? readSealed(file, isPlace) : undefined));
  if (signal.aborted && !('platform' in place)) {
    // One that another run submitted is that run's.
    if (begun.value === 'submitted') await api.stop(job.id);
    return failed(unasked(name));
  }
  return 'platform' in place ? done(place) : failed(silent(name, known, { id: job.id, ...place }));
}

/** What is wrong with whoever answers; undefined: it is a Ray that takes jobs. */
async function versionProblem(api: RayApi, name: string): Promise<Problem | undefined> {
  const answer = await api.version();
  const version = answer.status === 200 ? parseJson(answer.text, isObject)?.['ray_version'] : undefined;
  if (typeof version !== 'string') return refused(name, answer, api.address);
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return undefined;
  return {
    kind: 'usage',
    code: 'cluster-refused',
    message: `${name}: Ray at ${api.address} is ${version}, which is too old`,
    hint: `update it to ${OLDEST.join('.')} or newer: pip install --upgrade 'ray[default]'`,
  };
}

/** The last lines that a job printed. */
export function saidByJob({ key, needs: { folder } }: Known): string {
  return lastLines(join(folder, `${key}.said`), TOLD_LINES).join('\n  ');
}

function silent(name: string, known: Known, { id, word }: { readonly id: string; readonly word: Word | undefined }): Problem {
  const problem = (message: string, hint: string): Problem => ({
    kind: 'usage',
    code: 'cluster-refused',
    message: `${name}: ${message}`,
    hint,
  });
  const told = word === undefined ? '' : `: ${word.state}, ${reasonIn(word)}`;
  if (!isOver(word)) {
    const hint = `if it only waits (ray job status ${id}), run again later: what it tells is kept. Else see that setup: works`;
    return problem(`its job ${id}, which tells what machines it has, has not come to its end${told}`, hint);
  }
  const said = saidByJob(known);
  const lack = lackOf(word.code, known.needs, said);
  if (lack !== undefined) return problem(lack.message, lack.hint);
  const words = said === '' ? 'see that setup: works on its machines' : said;
  return problem(`its job ${id}, which tells what machines it has, failed${told}`, words);
}

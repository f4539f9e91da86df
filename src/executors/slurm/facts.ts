import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeFolders } from '../../files/folder.ts';
import { isObject } from '../../files/json.ts';
import { readSealed } from '../../files/sealed.ts';
import { digestOf } from '../../model/canonical.ts';
import type { ExecutorFacts, ExecutorOpening } from '../../model/executor.ts';
import { installation } from '../../model/installation.ts';
import { done, failed, type Outcome, type Problem } from '../../model/problem.ts';
import { ask } from './commands.ts';
import { placeOptions, preparing, quoted } from './submission.ts';
import type { SlurmSettings } from './slurm-settings.ts';
import { isHopeless, isOver, Squeue, type Watched, type Word } from './squeue.ts';
import { refused } from './submit.ts';

type Probed = Pick<ExecutorFacts, 'platform' | 'machine'>;

/** Milliseconds between two looks for what the probe tells, and those after which it is left to the next run. */
const PAUSE = 100;
const PATIENCE = 60_000;

function isProbed(value: unknown): value is Probed {
  return isObject(value) && typeof value['platform'] === 'string' && isObject(value['machine']);
}

/** The facts of the machines that jobs are given. A job tells them, once for each kind of place; they are kept in the user's cache. */
export async function clusterFacts(
  { name, engines, environment: variables }: ExecutorOpening,
  settings: SlurmSettings,
  environment: Record<string, string>,
): Promise<Outcome<ExecutorFacts>> {
  const options = [...placeOptions(settings), ...settings.sbatch];
  const asked = { options, before: preparing(settings), conf: environment['SLURM_CONF'] ?? '', installation, node: process.version };
  const folder = join(variables['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'stillroom', 'slurm');
  const file = join(folder, `${digestOf(asked)}.json`);
  const known = readSealed(file, isProbed);
  if (known !== undefined) return done({ ...known, engines });
  makeFolders(folder);
  const squeue = new Squeue(environment, settings.poll);
  const job = `still-probe-${digestOf(asked).slice(0, 12)}`;
  let id = await squeue.find(job, AbortSignal.timeout(PATIENCE));
  if (id === undefined) {
    const answer = await ask(probeCommand(job, settings), { environment, input: probeScript(file, settings) });
    if (answer.code !== 0) return failed(refused(`a job that tells what ${name} is`, answer));
    id = answer.printed.trim().split(';')[0] ?? '';
  }
  const probed = await awaitProbe(file, { id, job }, squeue);
  return 'platform' in probed ? done({ ...probed, engines }) : failed(silent(name, id, probed.word));
}

function probeCommand(job: string, settings: SlurmSettings): string[] {
  const time = settings.time === undefined ? [] : [`--time=${settings.time}`];
  const own = ['--parsable', '--no-requeue', `--job-name=${job}`, '--output=/dev/null', '--chdir=/', '--export=ALL'];
  return ['sbatch', ...own, ...placeOptions(settings), ...settings.sbatch, ...time];
}

function probeScript(file: string, settings: SlurmSettings): string {
  const command = [process.execPath, join(installation, 'dist/executors/cluster/probe.js'), file];
  return `#!/bin/bash\n${preparing(settings).join('\n')}\nexec ${command.map(quoted).join(' ')}\n`;
}

/** What the probe tells, once it has; else, where it ended without or takes too long, what Slurm says of it. */
async function awaitProbe(
  file: string,
  { id, job }: { readonly id: string; readonly job: string },
  squeue: Squeue,
): Promise<Probed | Pick<Watched, 'word'>> {
  const watched = squeue.watch(id, job);
  const end = performance.now() + PATIENCE;
  try {
    for (let isLast = false; ; isLast = isOver(watched.word) || isHopeless(watched.word) || performance.now() > end) {
      const probed = readSealed(file, isProbed);
      if (probed !== undefined || isLast) return probed ?? { word: watched.word };
      await sleep(PAUSE);
    }
  } finally {
    squeue.letGo(id);
  }
}

function silent(name: string, id: string, word: Word | undefined): Problem {
  const told = word === undefined ? '' : `: ${word.state}, ${word.reason}`;
  return {
    kind: 'usage',
    code: 'cluster-refused',
    message: `${name}: its job ${id}, which tells what machines it has, has not come to its end${told}`,
    hint: `if it only waits (squeue -j ${id}), run again later: what it tells is kept. Else see that jobs see this folder: ${installation}, and that modules: and setup: work`,
  };
}

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
import { placeOptions, preparing } from './submission.ts';
import type { SlurmSettings } from './slurm-settings.ts';
import { isOver, Squeue } from './squeue.ts';
import { refused } from './submit.ts';

type Probed = Pick<ExecutorFacts, 'platform' | 'machine'>;

/** Milliseconds between two looks for what the probe tells, and those after which it is given up. */
const PAUSE = 100;
const PATIENCE = 900_000;

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
  const script = `#!/bin/bash\n${preparing(settings).join('\n')}\nexec '${process.execPath}' '${join(installation, 'dist/executors/slurm/probe.js')}' '${file}'\n`;
  const command = ['sbatch', '--parsable', '--no-requeue', '--job-name=still-probe', '--output=/dev/null', '--chdir=/', ...options];
  const time = settings.time === undefined ? [] : [`--time=${settings.time}`];
  const answer = await ask([...command, ...time, '--export=ALL'], { environment, input: script });
  if (answer.code !== 0) return failed(refused(`a job that tells what ${name} is`, answer));
  const [id = ''] = answer.printed.trim().split(';');
  const probed = await awaitProbe(file, id, new Squeue(environment, settings.poll));
  if (probed !== undefined) return done({ ...probed, engines });
  await ask(['scancel', id], { environment });
  return failed(silent(name, id));
}

/** What the probe tells, once it has; undefined: it ended without, or takes too long. */
async function awaitProbe(file: string, id: string, squeue: Squeue): Promise<Probed | undefined> {
  const watched = squeue.watch(id);
  const end = performance.now() + PATIENCE;
  try {
    for (let isLast = false; ; isLast = isOver(watched.word) || performance.now() > end) {
      const probed = readSealed(file, isProbed);
      if (probed !== undefined || isLast) return probed;
      await sleep(PAUSE);
    }
  } finally {
    squeue.letGo(id);
  }
}

function silent(name: string, id: string): Problem {
  return {
    kind: 'usage',
    code: 'cluster-refused',
    message: `${name}: its job ${id}, which tells what machines it has, did not come to its end`,
    hint: `see that jobs start there (squeue, scontrol show job ${id}), that they see this folder: ${installation}, and that modules: and setup: work`,
  };
}

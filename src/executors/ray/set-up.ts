import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolders } from '../../files/folder.ts';
import { GrowingLines } from '../../files/growing-lines.ts';
import type { SetUp } from '../../model/executor.ts';
import { installation } from '../../model/installation.ts';
import { done, failed, type Outcome, type Problem } from '../../model/problem.ts';
import { shellWord } from '../../text/shell-word.ts';
import { checks, lackOf } from '../cluster/place.ts';
import { type Word, isOver } from './api.ts';
import { reasonIn } from './ended.ts';
import { type Asking, knownBy, saidByJob } from './facts.ts';
import { beginPlaceJob, followPlaceJob, type PlaceJob } from './place-job.ts';

/** Names that a shell can export. */
const NAME = /^[A-Za-z_]\w*$/;

/** Sets up what is missing on the machines of an executor, by a job that runs set-up on one of them. What set-up prints there is told line by line. */
export async function setUpThere(asking: Asking, { parts, tell, signal }: SetUp): Promise<Outcome<undefined>> {
  const { opening, settings, api } = asking;
  const known = knownBy(asking);
  const { folder, mark } = known.needs;
  makeFolders(folder);
  writeFileSync(join(folder, mark), '');
  const said = join(folder, `${known.key}.said`);
  rmSync(said, { force: true });
  const variables = `${known.key}.variables`;
  leaveVariables(join(folder, variables), opening.environment);
  const program = [process.execPath, join(installation, 'src/setup/setup.mjs'), ...parts];
  const job: PlaceJob = {
    ...{ id: `still-setup-${known.key.slice(0, 12)}`, name: opening.name, purpose: 'sets up what is missing', settings, tell, signal },
    script: `${checks(known.needs)}. ./${variables}\nrm -f ${variables}\nexec ${program.map(shellWord).join(' ')}\n`,
  };
  try {
    const begun = await beginPlaceJob(api, job);
    if (!begun.ok) return begun;
    tell(`job ${job.id} of Ray sets up what is missing`);
    const lines = new GrowingLines(said, tell);
    const end = await followPlaceJob(api, job, (word) => {
      lines.read();
      return isOver(word) ? { word } : undefined;
    });
    lines.release();
    if (signal.aborted) {
      await api.stop(job.id);
      return failed(problemOf(opening.name, `its set-up was stopped (job ${job.id})`, 'the next one goes on from there'));
    }
    return end.word?.state === 'SUCCEEDED' ? done(undefined) : failed(failure(asking, job.id, end.word));
  } finally {
    rmSync(join(folder, variables), { force: true });
  }
}

/** Set-up downloads and compiles: it is given what it would be given here, proxies and the cache among it; they may hold secrets, so Ray is not shown them. */
function leaveVariables(file: string, environment: Asking['opening']['environment']): void {
  rmSync(file, { force: true });
  const lines = Object.entries(environment).map(([name, value]) =>
    value === undefined || !NAME.test(name) ? '' : `export ${name}=${shellWord(value)}\n`,
  );
  writeFileSync(file, lines.join(''), { mode: 0o600, flag: 'wx' });
}

function failure(asking: Asking, id: string, word: Word | undefined): Problem {
  const { name } = asking.opening;
  const known = knownBy(asking);
  const lack = lackOf(word?.code, known.needs, saidByJob(known));
  if (lack !== undefined) return problemOf(name, lack.message, lack.hint);
  const how = isOver(word) ? `failed: ${reasonIn(word)}` : 'has not come to its end';
  const hint = `where its machines have no network, set up here: npx stillroom doctor --install (STILLROOM_ENGINE=cuda before it, if they have graphics processors and this one has not); what it printed: ${join(known.needs.folder, `${known.key}.said`)}`;
  return problemOf(name, `its job ${id}, which sets up what is missing, ${how}`, hint);
}

function problemOf(name: string, message: string, hint: string): Problem {
  return { kind: 'usage', code: 'cluster-refused', message: `${name}: ${message}`, hint };
}

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolders } from '../../files/folder.ts';
import { lookAnewAt } from '../../files/shared-file-system.ts';
import type { SetUp } from '../../model/executor.ts';
import { installation } from '../../model/installation.ts';
import { done, failed, type Outcome, type Problem } from '../../model/problem.ts';
import { shellWord } from '../../text/shell-word.ts';
import { checks, lackOf } from '../cluster/place.ts';
import { type Asking, knownBy, saidByJob, usesDevice } from './facts.ts';
import { type Begun, beginPlaceJob, followPlaceJob, type PlaceJob, withdraw } from './place-job.ts';

/** Variables that say of which job a process is. */
const OF_A_JOB = /^SLURM_(?!CONF|CLUSTERS)/;

/** Sets up what is missing on the machines of an executor, by a job that runs set-up on one of them. What set-up prints there is told line by line. */
export async function setUpThere(asking: Asking, { parts, tell, signal }: SetUp): Promise<Outcome<undefined>> {
  const { opening, settings, environment } = asking;
  const known = knownBy(asking);
  const { folder, mark } = known.needs;
  makeFolders(folder);
  writeFileSync(join(folder, mark), '');
  const program = [process.execPath, join(installation, 'src/setup/setup.mjs'), ...parts];
  // Set-up downloads and compiles: it is given what it would be given here, proxies and the cache among it.
  const own = Object.entries(opening.environment).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !OF_A_JOB.test(entry[0]),
  );
  const job: PlaceJob = {
    ...{ name: `still-setup-${known.key.slice(0, 12)}`, purpose: `a job that sets up what ${opening.name} needs`, settings, tell, signal },
    environment: { ...Object.fromEntries(own), ...environment },
    script: `${checks(known.needs)}${program.map(shellWord).join(' ')}\ncode=$?\necho $code > ${known.key}-$SLURM_JOB_ID.end\nexit $code\n`,
    usesDevice: usesDevice(opening),
  };
  const begun = await beginPlaceJob(job);
  if (!begun.ok) return begun;
  const { id } = begun.value;
  tell(`job ${id} of Slurm sets up what is missing`);
  const lines = new NewLines(join(folder, `${known.key}-${id}.said`), tell);
  const end = await followPlaceJob(job, begun.value, (isAnew) => {
    if (isAnew) lookAnewAt(folder);
    lines.look();
    return readdirSync(folder).includes(`${known.key}-${id}.end`)
      ? { code: Number(readFileSync(join(folder, `${known.key}-${id}.end`), 'utf8')) }
      : undefined;
  });
  lines.look();
  if (signal.aborted) {
    await withdraw(job);
    return failed(problemOf(opening.name, `its set-up was stopped (job ${id})`, 'the next one goes on from there'));
  }
  return end.code === 0 ? done(undefined) : failed(failure(asking, begun.value, end.code));
}

function failure(asking: Asking, { id }: Begun, code: number | undefined): Problem {
  const { name } = asking.opening;
  const known = knownBy(asking);
  const lack = lackOf(code, known.needs, saidByJob(known, id));
  if (lack !== undefined) return problemOf(name, lack.message, lack.hint);
  const how = code === undefined ? 'has not come to its end' : `failed (exit code ${code})`;
  const hint = `where its machines have no network, set up here: npx stillroom doctor --install (STILLROOM_ENGINE=cuda before it, if they have graphics processors and this one has not); what it printed: ${join(known.needs.folder, `${known.key}-${id}.said`)}`;
  return problemOf(name, `its job ${id}, which sets up what is missing, ${how}`, hint);
}

function problemOf(name: string, message: string, hint: string): Problem {
  return { kind: 'usage', code: 'cluster-refused', message: `${name}: ${message}`, hint };
}

/** The lines of a file that grows, each told once. */
class NewLines {
  private readonly path: string;
  private readonly tell: (line: string) => void;
  private told = 0;

  constructor(path: string, tell: (line: string) => void) {
    this.path = path;
    this.tell = tell;
  }

  look(): void {
    let text = '';
    try {
      text = readFileSync(this.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    const whole = text.slice(this.told, text.lastIndexOf('\n') + 1);
    this.told += whole.length;
    for (const line of whole.split('\n').slice(0, -1)) this.tell(line);
  }
}

import { dirname, join, resolve } from 'node:path';
import { syncFile, syncFolder, syncTree } from '../../files/durable.ts';
import { lookAnewAt } from '../../files/shared-file-system.ts';
import { JOB_FILE, type JobSpecification } from '../../model/job.ts';
import { systemErrorIn, systemMessage } from '../../model/system-failure.ts';
import { EventWriter, readJob, readStop, SECRET_PREFIX, writeExit } from './attempt-files.ts';
import { executeJob } from './execute.ts';
import { ownSupervisorHere } from './supervisor.ts';

// Executes an attempt by itself, knowing nothing but its folder:
//
//   node run-job.js FOLDER [DESCRIPTOR [GRACE]]
//
// FOLDER holds the specification; DESCRIPTOR is an open lock that is held as long as anything of the program lives, or `-`; GRACE is the
// milliseconds that the program has to end when it is asked to. Secrets come by the environment, and so do devices that were given to this
// process alone. What happens is appended to the folder's
// events, and the exit record is written last. A file `stop` there ends it, as SIGTERM does: the first time it asks, the second time it kills.

/** Milliseconds between two looks for a stop. */
const PAUSE = 100;

/** After so many it is asked what other machines have done: a file server is not asked by each job ten times a second. */
const LOOKS_ANEW = 20;

/** The values of secrets, taken out of this process's own environment. */
function takeSecrets({ secrets }: JobSpecification): Record<string, string> {
  const taken: Record<string, string> = {};
  for (const name of secrets) {
    taken[name] = process.env[SECRET_PREFIX + name] ?? '';
    delete process.env[SECRET_PREFIX + name];
  }
  return taken;
}

/** What an exit record says is done is there after a power cut as well: whoever finds that record believes it. */
function syncAttempt({ folder, outputs }: JobSpecification): void {
  syncFile(join(folder, JOB_FILE));
  for (const { path } of Object.values(outputs)) {
    const output = resolve(folder, 'work', path);
    syncTree(output);
    for (let above = dirname(output); above.startsWith(folder) && above !== folder; above = dirname(above)) syncFolder(above);
  }
}

/** An attempt with devices that whoever began this process gave it, where its coordinator could not know them. */
function withDevices(job: JobSpecification): JobSpecification {
  const given = process.env['CUDA_VISIBLE_DEVICES'] ?? '';
  return job.devices.length > 0 || given === '' ? job : { ...job, devices: given.split(',') };
}

async function main([folder = '', ...given]: readonly string[]): Promise<void> {
  const specification = withDevices(readJob(folder));
  const asked = new AbortController();
  const forced = new AbortController();
  const ask = (): void => (asked.signal.aborted ? forced.abort() : asked.abort());
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, ask);
  let looks = 0;
  const look = setInterval(() => {
    looks += 1;
    if (looks % LOOKS_ANEW === 0) lookAnewAt(folder);
    const word = readStop(folder);
    if (word !== undefined) asked.abort();
    if (word === 'kill') forced.abort();
  }, PAUSE);
  const events = new EventWriter(folder);
  const [lock, grace] = given.map(Number);
  const held = lock === undefined || Number.isNaN(lock) ? undefined : { descriptor: lock };
  const job = { specification, secrets: takeSecrets(specification), lock: held, grace, supervisor: ownSupervisorHere() };
  const exit = await executeJob(job, (event) => events.write(event), { asked: asked.signal, forced: forced.signal });
  clearInterval(look);
  events.close();
  if (exit.ended === 'done') syncAttempt(specification);
  writeExit(folder, exit);
}

/** What the system refuses to this process itself is its last word: it is told by whoever finds the attempt lost. */
function end(error: unknown): never {
  const refused = systemErrorIn(error);
  if (refused === undefined) throw error;
  const { message, hint } = systemMessage(refused, 'the folder of its attempt');
  process.stderr.write(`${message}; ${hint}\n`);
  process.exit(1);
}

process.on('uncaughtException', end);
await main(process.argv.slice(2)).catch(end);

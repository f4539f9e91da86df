import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { value } from './aftermath.ts';
import { cli, environment, openSmall, writeSmallProject } from './small-project.ts';

/** Seconds after which an attempt that goes on alone must have ended. */
const PATIENCE = 60;

/** The values with which an attempt is left behind that ended without its coordinator. */
export const LEFT: readonly string[] = ['n=9'];

const NOTE_NODE = `  note:
    run: '[ "$n" != 7 ]; cat "$log" > "$text"; [ "$n" != 9 ] || sleep 1'
    in: { log: $sources.log }
    with: { n: $n }
    out: { text: note.txt }
`;

/** A project with a stage, commands, a kept source and one that is read where it lies. */
function writeProject(folder: string): void {
  writeSmallProject(folder, { learns: true, pace: 0.01 });
  const file = join(folder, 'pipeline.yaml');
  const text = readFileSync(file, 'utf8').replace('{ words: words }', '{ words: words, log: { path: log.txt, keep: false } }');
  writeFileSync(file, text + NOTE_NODE);
  writeFileSync(join(folder, 'log.txt'), 'all that happened\n');
  writeFileSync(join(folder, 'stillroom.yaml'), 'executors:\n  away: { kind: detached }\n');
}

/** Leaves a detached attempt of the node `note` behind that ended after its coordinator had been killed. */
async function leaveAttempt(folder: string): Promise<void> {
  const args = [cli, 'run', 'pipeline.yaml', '--only', 'note', '--executor', 'away', '--set', ...LEFT];
  const child = spawn(process.execPath, args, { cwd: folder, env: { ...environment, HOME: folder }, stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const scratch = join(folder, 'artifacts/scratch');
  const has = (file: string): boolean => existsSync(scratch) && readdirSync(scratch).some((name) => existsSync(join(scratch, name, file)));
  const wait = async (isOver: () => boolean): Promise<void> => {
    for (let waited = 0; waited < PATIENCE * 50 && !isOver(); waited += 1) await sleep(20);
  };
  await wait(() => has('work/note.txt') || child.exitCode !== null);
  child.kill('SIGKILL');
  await ended;
  await wait(() => has('exit.json'));
  if (!has('exit.json')) throw new Error('no attempt was left behind');
}

/**
 * Fills a folder with a project whose store holds a file of every kind: runs that were done, failed, were stopped with a checkpoint and were
 * killed beside a detached attempt, a tag, a pin and a sweep. Returns the hash of the plain run.
 */
export async function fillStore(folder: string): Promise<string> {
  writeProject(folder);
  const project = await openSmall(folder);
  const first = value(await project.run('pipeline.yaml')).record;
  value(await project.tags.set(first.id, 'best'));
  value(await project.tags.pin(first.id));
  value(await project.run('pipeline.yaml', { set: ['n=7'] }));
  const stop = new AbortController();
  const running = project.run('pipeline.yaml', {
    set: ['n=30'],
    signal: stop.signal,
    onEvent: (event) => {
      if (event.type === 'node-metric' && event.node.startsWith('learn') && event.step === 2) stop.abort();
    },
  });
  value(await running);
  value(await project.sweep('pipeline.yaml', { over: { n: [1, 3] } }));
  project.close();
  await leaveAttempt(folder);
  if (first.hash === undefined) throw new Error('the run failed undisturbed');
  return first.hash;
}

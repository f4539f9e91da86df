import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { installation } from '../model/installation.ts';
import type { Problem } from '../model/problem.ts';
import type { Project } from '../project/project.ts';
import { strong } from '../text/styled.ts';
import { type Answer, answer, EXIT, rawAnswer, refusal } from './answer.ts';
import { namedStore } from './chosen-pipeline.ts';
import { nextLines } from './next-lines.ts';
import { DETACHED_VARIABLE, type Started, type Word } from './starter.ts';
import type { Invocation } from './verb.ts';
import { listenForStop, stoppedBy } from './watching.ts';

/** How it went with a command that was to go on by itself. */
interface Told {
  readonly started?: Started;
  readonly answer?: Answer;
}

/**
 * Does a command line in a session of its own, and leaves as soon as something goes on there. What keeps it from beginning, or has ended by then, is
 * answered as the command itself does.
 */
export async function leaveRunning(project: Project, invocation: Invocation): Promise<Answer> {
  const output = await project.live.beginPrintout();
  if (!output.ok) return refusal(output.problems);
  const { path, descriptor } = output.value;
  const child = start(invocation, path, descriptor);
  closeSync(descriptor);
  const stop = listenForStop(() => undefined);
  // What is asked to stop before anything goes on has not begun.
  stop.asked.addEventListener('abort', () => child.kill('SIGTERM'));
  stop.forced.addEventListener('abort', () => child.kill('SIGKILL'));
  const told = await wordsOf(child, invocation);
  stop.dispose();
  if (told.started !== undefined) return wentOn(told.started, child.pid, { ...invocation, store: await namedStore(project, invocation) });
  const printed = readFileSync(path, 'utf8');
  await project.live.discardPrintout(path);
  const exit = stop.signal === undefined ? undefined : stoppedBy(stop.signal);
  if (told.answer !== undefined) return { ...told.answer, exit: exit ?? told.answer.exit };
  // What it could not answer it has printed.
  return exit === undefined ? refusal([brokeOff(printed)], child.exitCode ?? EXIT.bug) : rawAnswer(undefined, '', exit);
}

function start({ folder, environment, words }: Invocation, path: string, output: number): ChildProcess {
  // As nohup has it: nothing can be read, and the end of a terminal means nothing.
  const input = openSync('/dev/null', 'w');
  try {
    return spawn(process.execPath, [join(installation, 'dist/cli.js'), ...words], {
      cwd: folder,
      env: { ...environment, [DETACHED_VARIABLE]: path },
      detached: true,
      stdio: [input, output, output, 'ipc'],
    });
  } finally {
    closeSync(input);
  }
}

/** What a command says until it goes on by itself, or has ended. */
async function wordsOf(child: ChildProcess, { stderr, json }: Invocation): Promise<Told> {
  let told: Told = {};
  child.on('message', (word: Word) => {
    if ('line' in word) json || stderr.write(word.line);
    else told = word;
    if ('started' in word) child.emit('started');
  });
  await Promise.race([once(child, 'started'), once(child, 'close')]);
  child.unref();
  return told;
}

function wentOn({ kind, id, pipeline, output }: Started, pid: number | undefined, invocation: Invocation): Answer {
  const shown = relative(invocation.folder, output);
  return answer({ [kind]: id, state: 'live', output, pid }, [
    [...(pipeline === '' ? [] : [strong(pipeline), ': ']), `the ${kind} ${id} goes on by itself`],
    `it prints to ${shown}`,
    ...nextLines(invocation, [
      ['attach', id],
      ['stop', id],
    ]),
  ]);
}

function brokeOff(printed: string): Problem {
  const lines = printed.trimEnd().split('\n').slice(-10);
  const hint = printed.trim() === '' ? 'it printed nothing' : `its last lines:\n${lines.map((line) => `  | ${line}`).join('\n')}`;
  return { kind: 'stage', code: 'broke-off', message: 'the command that was to go on by itself ended before anything ran', hint };
}

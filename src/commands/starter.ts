import { Writable } from 'node:stream';
import type { Event } from '../model/event.ts';
import type { SweepEvent } from '../model/sweep-event.ts';
import type { Project } from '../project/project.ts';
import type { Answer } from './answer.ts';
import { flag } from './verb.ts';

/** Names, in the environment of a command that is to go on by itself, the file that it prints to. */
export const DETACHED_VARIABLE = 'STILLROOM_DETACHED';

/** `--detach`, of all verbs whose work may go on by itself. */
export const detach = flag('--detach', 'start it and leave: it goes on without this terminal, and `attach` watches it');

/** What goes on by itself. */
export interface Started {
  readonly kind: 'run' | 'sweep';
  readonly id: string;
  /** Its name; empty where the id says it. */
  readonly pipeline: string;
  /** Where it prints to, absolute. */
  readonly output: string;
}

/** What a command that is to go on by itself tells the one that started it: lines as they come, then that it goes on, or else its answer. */
export type Word = { readonly line: string } | { readonly started: Started } | { readonly answer: Answer };

/** The command that started this one, which listens until something goes on by itself or has ended. */
export interface Starter {
  /** The file that this command prints to. */
  readonly printed: string;
  /** Tells that something goes on by itself; nothing more is told. */
  started(started: Started): void;
  /** Tells how the command ended; false where nobody listens any more. */
  answer(answer: Answer): boolean;
  /** What takes lines for people, as long as there is someone who listens, and keeps them. */
  readonly stderr: Writable;
}

/** The command that started this process to have it go on by itself; undefined where none did. No program that it starts takes it for its own. */
export function starterOf(process: NodeJS.Process): Starter | undefined {
  const printed = process.env[DETACHED_VARIABLE];
  delete process.env[DETACHED_VARIABLE];
  if (printed === undefined || process.send === undefined) return undefined;
  let isLeft = false;
  // Whoever started it may be gone at any time; that is told to the callback, and means nothing.
  const tell = (word: Word, then: () => void = () => undefined): boolean => {
    if (isLeft || !process.connected) return false;
    process.send?.(word, undefined, {}, then);
    return true;
  };
  const tellLast = (word: Word): boolean => {
    const isTold = tell(word, () => {
      if (process.connected) process.disconnect();
    });
    isLeft = true;
    return isTold;
  };
  const stderr = new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      process.stderr.write(chunk);
      tell({ line: String(chunk) });
      done();
    },
  });
  return {
    printed,
    stderr,
    started: (started) => void tellLast({ started }),
    answer: (answer) => tellLast({ answer }),
  };
}

/** Watches a run, and tells the command that started this one as soon as something of it is executed. */
export function leavingWithRun(project: Project, starter: Starter | undefined): (event: Event) => void {
  return (event) => {
    if (starter === undefined || event.type !== 'run-started' || event.nodes.every(({ action }) => action === 'reuse')) return;
    const { run: id, pipeline } = event;
    void leave(project, starter, { kind: 'run', id, pipeline });
  };
}

/** Watches a sweep, and tells the command that started this one as soon as a trial begins. */
export function leavingWithSweep(project: Project, starter: Starter | undefined): (event: SweepEvent) => void {
  let [id, isLeft] = ['', false];
  return (event) => {
    if (event.type === 'sweep-started') id = event.sweep;
    if (starter === undefined || event.type !== 'trial-started' || isLeft) return;
    isLeft = true;
    void leave(project, starter, { kind: 'sweep', id, pipeline: '' });
  };
}

async function leave(project: Project, starter: Starter, what: Omit<Started, 'output'>): Promise<void> {
  const { kind, id } = what;
  const kept = await project.live.keepPrintout(starter.printed, kind === 'run' ? { run: id } : { sweep: id });
  starter.started({ ...what, output: kept.ok ? kept.value : starter.printed });
}

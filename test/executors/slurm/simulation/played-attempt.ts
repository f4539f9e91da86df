import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { doneWith, type TakenEntry, takeEntry } from '../../../../src/executors/cluster/worklist.ts';
import { attemptFile, EventWriter, readJob, writeExit } from '../../../../src/executors/job/attempt-files.ts';
import { type FileLock, tryLockFile } from '../../../../src/files/lock.ts';
import { JOB_FILE, JOB_FORMAT, type JobSpecification } from '../../../../src/model/job.ts';
import type { Fate, Step } from './machines.ts';

/** What executing an attempt leaves in its folder, seen from outside. */
class PlayedAttempt {
  readonly job: JobSpecification;
  private readonly lock: FileLock;

  private constructor(job: JobSpecification, lock: FileLock) {
    this.job = job;
    this.lock = lock;
  }

  /** Undefined: the attempt is not wanted any more. */
  static begin(folder: string, by: string): PlayedAttempt | undefined {
    const lock = existsSync(folder) ? tryLockFile(attemptFile(folder, 'alive')) : undefined;
    if (lock === undefined) return undefined;
    writeFileSync(join(folder, 'begun'), by);
    if (existsSync(join(folder, JOB_FILE))) return new PlayedAttempt(readJob(folder), lock);
    lock.release();
    return undefined;
  }

  end(fate: Fate, seconds: number): void {
    const { job, lock } = this;
    const { attempt, folder, node, outputs } = job;
    const common = { format: JOB_FORMAT, attempt, seconds, cost: {} };
    if (fate === 'done') {
      const events = new EventWriter(folder);
      events.write({ type: 'node-log', node, line: `${node} is done` });
      events.close();
      for (const { path } of Object.values(outputs)) {
        mkdirSync(dirname(join(folder, 'work', path)), { recursive: true });
        writeFileSync(join(folder, 'work', path), `${node}\n`);
      }
      writeExit(folder, { ...common, ended: 'done', metrics: {}, facts: {}, last: [] });
    } else if (fate === 'failed')
      writeExit(folder, { ...common, ended: 'failed', problem: { kind: 'stage', code: 'exit-code', message: `${node} failed` } });
    lock.release();
  }
}

/** What a script does, one step after another. */
export interface PlayedScript {
  /** `by`: the job's own number and name. */
  next(by: string): Step;
  /** What it executed has come to its end, or to that of the job; returns the node. */
  end(fate: Fate, seconds: number): string;
}

/** A script that executes one attempt. */
class OneAttempt implements PlayedScript {
  private readonly folder: string;
  private attempt: PlayedAttempt | undefined;
  private isBegun = false;

  constructor(folder: string) {
    this.folder = folder;
  }

  next(by: string): Step {
    if (this.isBegun) return undefined;
    this.isBegun = true;
    this.attempt = PlayedAttempt.begin(this.folder, by);
    return this.attempt === undefined ? undefined : { node: this.attempt.job.node };
  }

  end(fate: Fate, seconds: number): string {
    this.attempt?.end(fate, seconds);
    return this.attempt?.job.node ?? '';
  }
}

/** Milliseconds between two looks of a pilot at a list with nothing on it, and how often it looks before it ends. */
const PAUSE = 200;
const LOOKS = 50;

/** A script that works through a list of attempts. */
class Pilot implements PlayedScript {
  private readonly list: string;
  private readonly longest: number;
  private current: { readonly attempt: PlayedAttempt; readonly entry: TakenEntry } | undefined;
  private looks = 0;
  private isQuick = true;

  constructor(list: string, longest: number) {
    this.list = list;
    this.longest = longest;
  }

  next(by: string): Step {
    for (;;) {
      const entry = this.isQuick ? takeEntry(this.list) : 'closed';
      this.looks += 1;
      if (entry === 'closed' || (entry === 'none' && this.looks > LOOKS)) return undefined;
      if (entry === 'none') return { pause: PAUSE };
      this.looks = 0;
      const attempt = PlayedAttempt.begin(entry.folder, by);
      this.current = attempt && { attempt, entry };
      if (attempt !== undefined) return { node: attempt.job.node };
      doneWith(this.list, entry);
    }
  }

  end(fate: Fate, seconds: number): string {
    if (this.current === undefined) return '';
    const { attempt, entry } = this.current;
    attempt.end(fate, seconds);
    if (fate === 'done' || fate === 'failed') doneWith(this.list, entry);
    this.isQuick = seconds <= this.longest;
    return attempt.job.node;
  }
}

/** What a script that is given to sbatch does; undefined: it executes no node. */
export function playedScript(script: string): (() => PlayedScript) | undefined {
  const [, list, seconds] = /pilot\.js'? '?([^' ]+)'? \S+ (\S+) &/.exec(script) ?? [];
  if (list !== undefined) return () => new Pilot(list, Number(seconds));
  const [, folder] = /job\.js'? '?([^' ]+)/.exec(script) ?? [];
  return folder === undefined ? undefined : () => new OneAttempt(folder);
}

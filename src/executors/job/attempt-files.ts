import { closeSync, existsSync, fsyncSync, openSync, writeFileSync } from 'node:fs';
import { writeAll } from '../../files/write-all.ts';
import { join } from 'node:path';
import { ifPossible } from '../../files/durable.ts';
import { GrowingLines } from '../../files/growing-lines.ts';
import { isObject } from '../../files/json.ts';
import { openLine, readSealed, sealedLine, writeSealed } from '../../files/sealed.ts';
import type { JobEvent } from '../../model/executor.ts';
import { type ExitRecord, JOB_FILE, JOB_FORMAT, type JobSpecification } from '../../model/job.ts';
import { readPlain } from '../../files/plain.ts';
import type { StopWord } from '../../model/stop-word.ts';

export type { StopWord };

/** In front of the names of secrets in the environment that a `run-job` is started with. */
export const SECRET_PREFIX = 'STILLROOM_SECRET_';

/** Marks a `run-job` in its environment, with the attempt's id. */
export const RUN_JOB_VARIABLE = 'STILLROOM_RUN_JOB';

/** The files by which a `run-job` and those who watch it know of each other, all in the attempt's folder. */
const files = {
  events: 'events.jsonl',
  stop: 'stop',
  exit: 'exit.json',
  alive: 'alive',
  output: 'run-job.log',
} as const;

/** Where a file of an attempt lies. `alive` is locked as long as its `run-job` lives; `output` takes what that prints itself. */
export function attemptFile(folder: string, file: keyof typeof files): string {
  return join(folder, files[file]);
}

/** What an attempt executes. Throws where its specification is damaged. */
export function readJob(folder: string): JobSpecification {
  const isJob = (value: unknown): value is JobSpecification => isObject(value) && value['format'] === JOB_FORMAT;
  const job = readSealed(join(folder, JOB_FILE), isJob);
  if (job === undefined) throw new Error(`${join(folder, JOB_FILE)} is damaged`);
  return job;
}

/** Says how an attempt ended: the last that is written of it, durably, by one rename. */
export function writeExit(folder: string, exit: ExitRecord): void {
  writeSealed(attemptFile(folder, 'exit'), exit);
}

/** How an attempt ended; undefined: nothing whole says so. */
export function readExit(folder: string, attempt: string): ExitRecord | undefined {
  const isExit = (value: unknown): value is ExitRecord =>
    isObject(value) && value['format'] === JOB_FORMAT && value['attempt'] === attempt && typeof value['ended'] === 'string';
  return readSealed(attemptFile(folder, 'exit'), isExit);
}

/** Tells a `run-job` to end. */
export function writeStop(folder: string, word: StopWord): void {
  writeFileSync(attemptFile(folder, 'stop'), word);
}

/** What a `run-job` was told last. A word that is only half written is the beginning of one. */
export function readStop(folder: string): StopWord | undefined {
  const file = attemptFile(folder, 'stop');
  if (!existsSync(file)) return undefined;
  return readPlain(file).toString('utf8') === 'kill' ? 'kill' : 'ask';
}

/** Appends events to their file, many at once where they come thick and fast. Those that a full disk does not take are lost: the exit record counts. */
export class EventWriter {
  private readonly file: number;
  private waiting: string[] = [];

  constructor(folder: string) {
    this.file = openSync(attemptFile(folder, 'events'), 'a');
  }

  write(event: JobEvent): void {
    if (this.waiting.length === 0) setImmediate(() => this.flush());
    this.waiting.push(`${sealedLine(JSON.stringify(event))}\n`);
  }

  close(): void {
    this.flush();
    ifPossible(() => fsyncSync(this.file));
    closeSync(this.file);
  }

  private flush(): void {
    const text = this.waiting.join('');
    this.waiting = [];
    const bytes = Buffer.from(text);
    ifPossible(() => {
      writeAll(this.file, bytes);
    });
  }
}

/** A line that a power cut damaged tells nothing. */
function isEvent(value: unknown): value is JobEvent {
  return isObject(value) && typeof value['type'] === 'string';
}

/** Reads events from their file as far as they have been written. */
export class EventReader {
  private readonly lines: GrowingLines;
  private onEvent: (event: JobEvent) => void = () => undefined;

  constructor(folder: string) {
    this.lines = new GrowingLines(attemptFile(folder, 'events'), (line) => {
      const event = openLine(line, isEvent);
      if (event !== undefined) this.onEvent(event);
    });
  }

  /** Calls back with each event that has been written since the last time; a line without its end waits. */
  read(onEvent: (event: JobEvent) => void): void {
    this.onEvent = onEvent;
    try {
      this.lines.read();
    } finally {
      this.lines.release();
    }
  }
}

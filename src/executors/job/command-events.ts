import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { ifPossible } from '../../files/durable.ts';
import { GrowingLines } from '../../files/growing-lines.ts';
import { isObject, parseExtendedJson } from '../../files/json.ts';
import { counted } from '../../text/amounts.ts';
import type { Checkpoints } from './checkpoints.ts';
import type { ChildMessage } from './protocol.ts';

/** The file in an attempt's folder to which a command appends what it tells: `STILLROOM_EVENTS`. */
const EVENTS_FILE = 'told.jsonl';

/** Where a command tells what it does while it runs. */
export function commandEventsFile(folder: string): string {
  return join(folder, EVENTS_FILE);
}

/** Milliseconds between two looks at the file. */
const PAUSE = 100;

/** Bytes after which others get their turn. */
const TURN = 2 * 1024 * 1024;

/** Characters of a line. */
const LONGEST_LINE = 1024 * 1024;

/** Lines that are named if they tell nothing; more are counted. */
const MOST_NAMED = 3;

/** What a command said, once it is understood. */
export type Said = Extract<ChildMessage, { readonly type: 'metric' | 'progress' | 'log' | 'warning' | 'saved' }>;

/** What takes what a command says, and what must be said of how it says it. */
export interface Listening {
  readonly said: (message: Said) => void;
  readonly notice: (message: string) => void;
}

const isNumber = (value: unknown): value is number => typeof value === 'number';
const isText = (value: unknown): value is string => typeof value === 'string';

/** What a line means; a text says why it means nothing. */
function meaningOf(line: string): Said | { readonly checkpoint: string } | string {
  const said = parseExtendedJson(line);
  if (!isObject(said)) return 'is no JSON object';
  const { metric, value, step, progress, note, log, warning, checkpoint } = said;
  if (isText(metric) && metric !== '') {
    if (!isNumber(value)) return `has no number as "value" of the metric "${metric}"`;
    if (step !== undefined && !isNumber(step)) return `has a "step" of the metric "${metric}" that is no number`;
    return { type: 'metric', name: metric, value, ...(step === undefined ? {} : { step }) };
  }
  if (Array.isArray(progress)) {
    const [done, total] = progress as readonly unknown[];
    if (!isNumber(done) || !isNumber(total)) return 'has a "progress" that is not [done, total]';
    return { type: 'progress', done, total, ...(isText(note) ? { note } : {}) };
  }
  if (isText(log)) return { type: 'log', line: log };
  if (isText(warning)) return { type: 'warning', message: warning };
  return isText(checkpoint) ? { checkpoint } : 'has none of "metric", "progress", "log", "warning" and "checkpoint"';
}

/**
 * Reads what a command appends to its events file while it runs, line by line. The file need not be there: a command that tells nothing costs
 * one look at its end.
 */
export class CommandEvents {
  private readonly file: string;
  private readonly checkpoints: Checkpoints;
  private readonly listening: Listening;
  private readonly lines: GrowingLines;
  private bad = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(folder: string, checkpoints: Checkpoints, listening: Listening) {
    this.file = commandEventsFile(folder);
    this.lines = new GrowingLines(this.file, (line) => this.line(line), LONGEST_LINE);
    this.checkpoints = checkpoints;
    this.listening = listening;
    this.wait(PAUSE);
  }

  /** Takes what is left once nothing of the command lives any more, and removes the file. */
  end(): void {
    clearTimeout(this.timer);
    let isFound = false;
    ifPossible(() => {
      isFound = this.lines.isFound;
      if (isFound) this.lines.end();
    });
    if (this.bad > MOST_NAMED) this.listening.notice(`${counted(this.bad - MOST_NAMED, 'more line')} of its events told nothing`);
    if (isFound) ifPossible(() => rmSync(this.file, { force: true }));
  }

  private wait(milliseconds: number): void {
    this.timer = setTimeout(() => this.wait(this.look() ? 0 : PAUSE), milliseconds).unref();
  }

  /** Reads what has come, as far as it is its turn; whether there is more. */
  private look(): boolean {
    let isMore = false;
    ifPossible(() => {
      isMore = this.lines.read(TURN);
    });
    return isMore;
  }

  private line(line: string): void {
    if (line.trim() === '') return;
    const meaning = line.length > LONGEST_LINE ? 'is longer than a megabyte' : meaningOf(line);
    if (typeof meaning === 'string') this.complain(meaning);
    else if (!('type' in meaning)) this.complete(meaning.checkpoint);
    else this.listening.said(meaning);
  }

  private complain(why: string): void {
    this.bad += 1;
    if (this.bad <= MOST_NAMED) this.listening.notice(`line ${this.lines.count} of its events ${why}`);
  }

  /** A folder that the command has completed becomes its newest checkpoint. */
  private complete(named: string): void {
    let name: string | undefined;
    ifPossible(() => {
      name = this.checkpoints.complete(named);
    });
    if (name === undefined) this.complain(`names the checkpoint "${named}", which is no folder in STILLROOM_CHECKPOINT that can be kept`);
    else this.listening.said({ type: 'saved', checkpoint: name });
  }
}

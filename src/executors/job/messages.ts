import { isObject, parseJson } from '../../files/json.ts';
import { monotonic } from '../../model/clock.ts';
import type { JobEvent } from '../../model/executor.ts';
import type { JsonObject } from '../../model/json.ts';
import type { NodeLog } from './log.ts';
import { Newest } from './newest.ts';
import type { ChildMessage, Leftovers } from './protocol.ts';

/** Milliseconds between two tellings of progress: a loop may report it as often as it likes. */
const PROGRESS_PAUSE = 50;

/** Characters of a message; what is longer tells nothing. */
const LONGEST_MESSAGE = 1024 * 1024;

/** Points of metrics that are told at once, and so many a second beyond that; of the others only the last of each metric. */
const METRIC_FLOOD = { most: 5000, perSecond: 500 };

/** A killed child may leave half a message, and a command may write anything: that tells nothing. */
function parseMessage(text: string): ChildMessage | undefined {
  return parseJson(text, (value): value is ChildMessage => isObject(value) && typeof value['type'] === 'string');
}

/** The error of a program that the system did not start, as Node's own way to start it has it. */
export function startError(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`spawn ${code}`), { code, syscall: 'spawn' });
}

/** What a program tells on its events descriptor while it runs. */
export class Messages {
  /** What a stage said at the end of its work; undefined: it never came to it. */
  facts: JsonObject | undefined;
  failure: (ChildMessage & { type: 'failed' }) | undefined;
  /** Seconds of the processor, as the supervisor says last. */
  cpuSeconds: number | undefined;
  /** What the program left, as the supervisor says. */
  leftovers: Leftovers = { killed: 0, left: 0 };
  /** Why the program was not started, as its supervisor says. */
  refused: NodeJS.ErrnoException | undefined;
  /** The metrics whose last value is no finite number, with that value as text and its step. */
  readonly diverged: Map<string, string> = new Map();
  /** Called with the name of each checkpoint that a stage has completed. */
  onSaved: (checkpoint: string) => void = () => undefined;
  private rest = '';
  private readonly values = new Map<string, number>();
  private readonly final = new Set<string>();
  private readonly node: string;
  private readonly log: NodeLog;
  private readonly emit: (event: JobEvent) => void;
  /** The points that may be told now, and since when that is so (ms). */
  private allowance = { points: METRIC_FLOOD.most, at: 0 };
  /** The last point of each metric that was not told. */
  private readonly untold = new Map<string, JobEvent & { type: 'node-metric' }>();
  private isFlooded = false;
  /** The newest progress is always told, those before it now and then. */
  private readonly newest: Newest<JobEvent>;

  constructor(node: string, log: NodeLog, emit: (event: JobEvent) => void) {
    this.node = node;
    this.log = log;
    this.emit = emit;
    this.newest = new Newest(PROGRESS_PAUSE, emit);
  }

  /** The last values of what it measured; a final one stays. */
  get metrics(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.values);
  }

  /** Takes what stands on the descriptor, piece by piece. */
  take(chunk: string): void {
    const lines = (this.rest + chunk).split('\n');
    this.rest = lines.pop() ?? '';
    if (this.rest.length > LONGEST_MESSAGE) this.rest = '';
    for (const line of lines) this.message(line);
  }

  /** Tells what was held back; nothing comes any more. */
  end(): void {
    for (const point of this.untold.values()) this.emit(point);
    this.newest.end(true);
  }

  private message(text: string): void {
    const times = /^(\d+)m([\d.]+)s (\d+)m([\d.]+)s$/.exec(text);
    if (times !== null) {
      const [, minutes, seconds, systemMinutes, systemSeconds] = times.map(Number) as [number, number, number, number, number];
      this.cpuSeconds = (minutes + systemMinutes) * 60 + seconds + systemSeconds;
      return;
    }
    const said = parseMessage(text);
    if (said === undefined) return;
    this.said(said);
  }

  /** Takes a message. */
  said(said: ChildMessage): void {
    const { log } = this;
    // Nothing of what the program says goes on with a secret in it: here is where all of it enters.
    const message = { ...log.blotter.cleanAll(said), type: said.type } as ChildMessage;
    if (message.type === 'failed' && said.type === 'failed') this.failure = { ...message, code: said.code };
    else if (message.type === 'ended') this.leftovers = message;
    else if (message.type === 'not-started') this.refused = startError(String(message.code));
    else if (message.type === 'saved') this.onSaved(String(message.checkpoint));
    else if (message.type === 'done') this.facts = message.facts;
    else if (message.type === 'log') this.logLine(message.line);
    else if (message.type === 'warning') this.warning(message.message);
    else if (message.type === 'progress') this.progress(message);
    else if (message.type === 'metric') this.metric(message);
  }

  private metric(message: ChildMessage & { type: 'metric' }): void {
    const { name, value, step } = message;
    if (!Number.isFinite(value)) return this.divergence(message);
    this.diverged.delete(name);
    if (step === undefined) this.final.add(name);
    if (step === undefined || !this.final.has(name)) this.values.set(name, value);
    const point: JobEvent = { ...message, type: 'node-metric', node: this.node };
    this.untold.delete(name);
    if (this.mayTell()) this.emit(point);
    else this.untold.set(name, point);
  }

  /** A value that is no number tells no point; what it means for the node is decided at its end. */
  private divergence({ name, value, step }: ChildMessage & { type: 'metric' }): void {
    const isFirst = this.diverged.size === 0;
    const shown = `${value}${step === undefined ? '' : ` at step ${step}`}`;
    if (!this.diverged.has(name)) this.diverged.set(name, shown);
    if (isFirst) this.warning(`its metric "${name}" is ${shown}`);
  }

  /** Whether a point may be told now: a loop may report as many as it likes, and nobody sees more. */
  private mayTell(): boolean {
    const now = monotonic();
    const { points, at } = this.allowance;
    const allowed = Math.min(METRIC_FLOOD.most, points + ((now - at) / 1000) * METRIC_FLOOD.perSecond);
    this.allowance = { points: Math.max(0, allowed - 1), at: now };
    if (allowed >= 1) return true;
    if (!this.isFlooded)
      this.notice(`it reports more metrics than are kept, ${METRIC_FLOOD.perSecond} points a second: their curves are thinner`);
    this.isFlooded = true;
    return false;
  }

  private logLine(text: string): void {
    for (const line of this.log.write([text])) this.emit({ type: 'node-log', node: this.node, line });
  }

  private warning(message: string): void {
    this.logLine(`warning: ${message}`);
    this.notice(message);
  }

  /** Something about how the program tells what it does. */
  notice(message: string): void {
    this.emit({ type: 'notice', level: 'warning', node: this.node, message: this.log.clean(message) });
  }

  private progress({ done, total, note }: ChildMessage & { type: 'progress' }): void {
    this.newest.take({ type: 'node-progress', node: this.node, done, total, ...(note === undefined ? {} : { note }) });
  }
}

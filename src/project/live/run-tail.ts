import { GrowingLines } from '../../files/growing-lines.ts';
import { isObject, parseJson } from '../../files/json.ts';
import { lineText } from '../../files/sealed.ts';
import type { Event, PlannedNode } from '../../model/event.ts';
import type { RunRecord } from '../../model/run.ts';
import type { Runs } from '../../model/store.ts';

/** Bytes of a log that are read at once, and characters of a line that are handed on. */
const MOST = { bytes: 4 * 1024 * 1024, line: 4000 } as const;

/** What the file of events says of a run's beginning: of its plan, only what may run. */
type KeptOpening = Omit<Event & { readonly type: 'run-started' }, 'nodes' | 'record'> & { readonly planned?: readonly PlannedNode[] };

function isEvent(value: unknown): value is Event {
  return isObject(value) && typeof value['type'] === 'string' && typeof value['time'] === 'string';
}

/** The beginning of a run as those were told it who watched from the start, as far as its record and its events tell. */
export function openingOf(record: RunRecord, kept?: KeptOpening): Event & { readonly type: 'run-started' } {
  const planned = new Map((kept?.planned ?? []).map((node) => [node.node, node]));
  const nodes = Object.entries(record.nodes).map(([node, { state, cause }]): PlannedNode => {
    const isReused = state === 'reused' || kept?.planned !== undefined;
    return planned.get(node) ?? { node, action: isReused ? 'reuse' : 'run', cause, after: [] };
  });
  const { started: time, ...opening } = record;
  const { planned: _planned, ...told } = kept ?? { time, type: 'run-started', run: record.id, pipeline: record.pipeline };
  return { ...told, nodes, record: opening };
}

/** What a run tells, read from its files of events and logs as whoever executes it writes them. */
export class RunTail {
  /** How it began; undefined as long as that is not known. */
  opening: (Event & { readonly type: 'run-started' }) | undefined;
  /** Whether it has said that it has ended. */
  hasEnded = false;
  private readonly runs: Runs;
  private readonly id: string;
  private readonly onEvent: (event: Event) => void;
  private readonly events: GrowingLines;
  private readonly logs = new Map<string, GrowingLines>();
  private readonly running = new Set<string>();
  private isCatchingUp = true;

  constructor(runs: Runs, id: string, onEvent: (event: Event) => void) {
    this.runs = runs;
    this.id = id;
    this.onEvent = onEvent;
    this.events = new GrowingLines(runs.eventFile(id).path, (line) => this.take(line));
  }

  /** Tells what has happened until now, but for what nodes printed; of those that run the last line. */
  catchUp(): void {
    this.readEvents();
    this.isCatchingUp = false;
    for (const node of this.running) this.logOf(node).skipTo(1);
    this.readLogs();
  }

  /** Sees files that another machine made meanwhile. */
  lookAnew(): void {
    if ([this.events, ...this.logs.values()].some((file) => !file.isFound)) this.runs.lookAnew(this.id);
  }

  /** Tells what came since. */
  read(): void {
    this.readLogs();
    this.readEvents();
  }

  /** Tells what is left, and lets go of the files. */
  end(): void {
    this.read();
    for (const node of [...this.logs.keys()]) this.endLog(node);
  }

  private readEvents(): void {
    this.events.read();
    // Opened anew, it shows what was written on another machine meanwhile.
    this.events.release();
  }

  private readLogs(): void {
    for (const log of this.logs.values()) {
      log.read(MOST.bytes);
      log.release();
    }
  }

  private take(line: string): void {
    const json = lineText(line);
    const event = json === undefined ? undefined : parseJson(json, isEvent);
    if (event === undefined) return;
    if (event.type === 'run-started') return this.begin(event);
    if (event.type === 'node-started') this.start(event.node);
    if (event.type === 'node-ended') this.endLog(event.node);
    if (event.type === 'run-ended') this.hasEnded = true;
    this.onEvent(event);
  }

  private begin(kept: KeptOpening): void {
    const record = this.runs.read(this.id);
    if (record === undefined) return;
    const opening = openingOf(record, kept);
    this.opening = opening;
    this.onEvent(opening);
  }

  private start(node: string): void {
    this.running.add(node);
    if (!this.isCatchingUp) this.logOf(node);
  }

  private logOf(node: string): GrowingLines {
    const onLine = (line: string): void => this.onEvent({ time: new Date().toISOString(), type: 'node-log', node, line });
    const log = this.logs.get(node) ?? new GrowingLines(this.runs.log(this.id, node).path, onLine, MOST.line);
    this.logs.set(node, log);
    return log;
  }

  private endLog(node: string): void {
    this.running.delete(node);
    this.logs.get(node)?.end();
    this.logs.delete(node);
  }
}

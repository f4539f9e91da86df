import { existsSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ifPossible } from '../../files/durable.ts';
import { isObject, parseJson } from '../../files/json.ts';
import type { Event } from '../../model/event.ts';
import { RecordFold } from '../../model/record-fold.ts';
import { type FormerText, type Layout, readSealed, readText, writeSealed, writeSealedBeside } from '../../files/sealed.ts';
import { storedStamp } from '../../files/stamp.ts';
import {
  fileOf,
  insideOf,
  isRunId,
  type KeptNodes,
  type KeptRecord,
  RECORD_FORMAT,
  type RunNode,
  type RunRecord,
} from '../../model/run.ts';
import { type RunRow, rowOf } from '../../model/run-row.ts';
import type { LineWriter, LogFile, Runs, RunsAmong } from '../../model/store.ts';
import type { Lock } from '../../model/workplace.ts';
import { forgetFolder, jsonNamesIn } from '../../files/folder.ts';
import { safeFileName } from '../../files/file-name.ts';
import { lastLines } from '../../files/last-lines.ts';
import { appendLines, wholeLines } from '../../files/lines.ts';
import { tryLockFile, usesLeases } from '../../files/lock.ts';
import { RunIndex } from './run-index.ts';
import { RunNodes } from './run-nodes.ts';
import { isRunRecord } from './shapes.ts';

/** Records of the first format had no seal. */
const former: FormerText = (value) => (value['format'] === 1 ? `${JSON.stringify(value, null, 1)}\n` : undefined);

function isKeptRecord(value: unknown): value is KeptRecord {
  return isObject(value) && isRunRecord({ ...value, nodes: insideOf(value['nodes'] as KeptNodes) });
}

/** Of a live run nobody reads the record as it lies. */
function layoutOf(row: RunRow | undefined): Layout {
  return row === undefined ? 'compact' : 'lines';
}

/** Whether a record will change no more. What became of an interrupted run is looked up each time. */
function isOver({ format, ended, state }: RunRecord): boolean {
  return format <= RECORD_FORMAT && ended !== undefined && state !== 'interrupted';
}

/** The records of runs. A live run holds a lock, so a run whose process is gone is known as interrupted. */
export class LocalRuns implements Runs {
  private readonly root: string;
  private readonly nodes: RunNodes;
  /** Records that were read, and how their files stood. */
  private readonly records = new Map<string, { readonly stamp: string; readonly record: WeakRef<RunRecord> }>();
  private readonly locks: string;
  private readonly logs: string;
  /** What lists need of all runs, a line each. */
  readonly index: RunIndex;

  constructor(root: string) {
    this.root = join(root, 'runs');
    this.nodes = new RunNodes(join(root, 'runs', 'nodes'));
    this.index = new RunIndex(root);
    this.locks = join(root, 'locks');
    this.logs = join(root, 'logs');
  }

  private path(id: string): string {
    return join(this.root, `${id}.json`);
  }

  private lockPath(id: string): string {
    return join(this.locks, `run-${id}`);
  }

  start(id: string): Lock {
    const lock = tryLockFile(this.lockPath(id));
    if (lock === undefined) throw new Error(`the run id ${id} is taken`);
    return lock;
  }

  write(record: RunRecord): void {
    const { kept, row } = this.keptOf(record);
    this.writeKept(kept, row);
  }

  async writeBeside(record: RunRecord): Promise<void> {
    const { kept, row } = this.keptOf(record);
    await writeSealedBeside(this.path(record.id), kept, layoutOf(row));
    if (row !== undefined) this.index.add([row]);
  }

  writeKept(record: KeptRecord, row?: RunRow): void {
    writeSealed(this.path(record.id), record, layoutOf(row));
    if (row !== undefined) this.index.add([row]);
  }

  /** A record as it is kept; a live run has no row yet, and no file of its nodes. */
  private keptOf(record: RunRecord): { readonly kept: KeptRecord; readonly row?: RunRow } {
    if (record.state === 'live') return { kept: { ...record, nodes: this.nodes.based(record.nodes) ?? record.nodes } };
    return { kept: { ...record, nodes: this.keepNodes(record.nodes) }, row: rowOf(record) };
  }

  keepNodes(nodes: RunRecord['nodes']): KeptNodes {
    return this.nodes.keep(nodes);
  }

  hasNodes(kept: KeptNodes): boolean {
    return this.nodes.has(kept);
  }

  nodesOf(kept: KeptNodes): RunRecord['nodes'] | undefined {
    return this.nodes.of(kept);
  }

  private written(id: string): KeptRecord | undefined {
    return readSealed(this.path(id), isKeptRecord, former);
  }

  /** The digests of nodes that stand in files of their own, those of damaged ones included. */
  nodesApart(): string[] {
    return this.nodes.files();
  }

  /** Those of the nodes in files of their own that none of these runs has. */
  looseNodes(ids: Iterable<string>): string[] {
    const apart = this.nodesApart();
    const used = new Set(apart.length === 0 ? [] : [...ids].map((id) => fileOf(this.written(id)?.nodes)));
    return apart.filter((digest) => !used.has(digest));
  }

  read(id: string): RunRecord | undefined {
    const record = this.readWritten(id);
    if (record?.state !== 'live' || record.format > RECORD_FORMAT) return record;
    if (this.isLive(id)) return this.atWork(record).record;
    // It may have ended since its record was read.
    const now = this.readWritten(id);
    return now?.state === 'live' ? this.interrupted(now) : now;
  }

  private readWritten(id: string): RunRecord | undefined {
    if (!isRunId(id)) return undefined;
    const stamp = storedStamp(this.path(id));
    const before = this.records.get(id);
    const known = stamp !== '' && before?.stamp === stamp ? before.record.deref() : undefined;
    if (known !== undefined) return known;
    const written = this.written(id);
    if (written?.id !== id) return undefined;
    // Of one of a newer format nothing else is asked.
    if (written.format > RECORD_FORMAT) return written as RunRecord;
    const nodes = this.nodesOf(written.nodes);
    if (nodes === undefined) return undefined;
    const record = { ...written, nodes };
    this.records.set(id, { stamp, record: new WeakRef(record) });
    return record;
  }

  /** The record of a run that has not ended, as far as its events tell, the time of the last of them, and how it ended if they say. */
  private atWork(opening: RunRecord): { readonly record: RunRecord; readonly last: string; readonly state?: RunRecord['state'] } {
    const fold = new RecordFold(opening);
    let last = opening.started;
    let ended: RunRecord['state'] | undefined;
    for (const line of this.events(opening.id)) {
      const event = parseJson(line, (value): value is Event => isObject(value) && typeof value['type'] === 'string');
      if (event === undefined) continue;
      if (event.time > last) last = event.time;
      if (event.type === 'run-ended') ended = event.state;
      else if (event.type !== 'run-started') fold.add(event);
    }
    return { record: fold.record ?? opening, last, ...(ended === undefined ? {} : { state: ended }) };
  }

  /** The record of a run whose process is gone: what ran did not end, and what waited never began. */
  private interrupted(opening: RunRecord): RunRecord {
    const { record, last, state = 'interrupted' } = this.atWork(opening);
    const nodes = Object.entries(record.nodes).map(([name, node]): [string, RunNode] => {
      if (node.state === 'running') return [name, { ...node, state: 'cancelled' }];
      return [name, node.state === 'waiting' ? { ...node, state: 'skipped', cause: 'the run was interrupted before it began' } : node];
    });
    return { ...record, state, ended: last, nodes: Object.fromEntries(nodes) };
  }

  lookAnew(run?: string): void {
    if (usesLeases(this.root)) ifPossible(() => forgetFolder(run === undefined ? this.root : join(this.logs, run), dirname(this.root)));
  }

  isLive(id: string): boolean {
    const lock = existsSync(this.lockPath(id)) ? tryLockFile(this.lockPath(id), true) : undefined;
    lock?.release();
    return lock === undefined && existsSync(this.lockPath(id));
  }

  /** The ids of all runs, newest first. */
  ids(): string[] {
    return jsonNamesIn(this.root).reverse();
  }

  *all(pipeline?: string, { set, before, trials = true }: RunsAmong = {}): Iterable<RunRecord> {
    const members = {
      ...(pipeline === undefined ? {} : { pipeline }),
      ...(set === undefined ? {} : { set }),
      ...(trials ? {} : { sweep: null }),
    };
    const isSame = (record: RunRecord): boolean =>
      (pipeline === undefined || record.pipeline === pipeline) &&
      (set === undefined || JSON.stringify(record.set) === JSON.stringify(set)) &&
      (trials || record.sweep === undefined);
    const ids = this.ids();
    for (const id of before === undefined ? ids : ids.slice(ids.indexOf(before) + 1)) {
      if (this.index.has(id, members) === false) continue;
      const record = this.read(id);
      if (record !== undefined && isSame(record)) yield record;
    }
  }

  /** What lists need of all runs, newest first; those that no index knows yet are read and added to it. */
  *rows(): Iterable<RunRow> {
    const unknown: RunRecord[] = [];
    try {
      for (const id of this.ids()) {
        const known = this.index.row(id);
        const record = known === undefined ? this.read(id) : undefined;
        if (record !== undefined && isOver(record)) unknown.push(record);
        if (known !== undefined) yield known;
        else if (record !== undefined)
          yield rowOf(record.format > RECORD_FORMAT ? { ...record, nodes: {}, params: {}, sources: {}, set: [] } : record);
      }
    } finally {
      this.index.add(unknown.map(rowOf));
    }
  }

  appendEvents(id: string, onLost: (error: unknown) => void): LineWriter {
    return appendLines(this.eventFile(id).path, onLost);
  }

  events(id: string): readonly string[] {
    return isRunId(id) ? wholeLines(readText(this.eventFile(id).path) ?? '').lines : [];
  }

  private logFile(id: string, file: string): LogFile {
    return { path: join(this.logs, id, file), name: `logs/${id}/${file}` };
  }

  eventFile(id: string): LogFile {
    return this.logFile(id, 'events.jsonl');
  }

  log(id: string, node: string): LogFile {
    return this.logFile(id, `${safeFileName(node)}.log`);
  }

  lastLines(id: string, node: string, most: number): readonly string[] {
    return isRunId(id) ? lastLines(this.log(id, node).path, most) : [];
  }

  /** Deletes the records of runs. Their rows go first: a row without its record says that this is lost. */
  remove(ids: ReadonlySet<string>): void {
    this.index.keepOnly(new Set(this.ids().filter((id) => !ids.has(id))));
    for (const id of ids) rmSync(this.path(id), { force: true });
  }
}

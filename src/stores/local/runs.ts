import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type FormerText, readSealed, readText, writeSealed } from '../../files/sealed.ts';
import { isRunId, RECORD_FORMAT, type RunRecord } from '../../model/run.ts';
import { type RunRow, rowOf } from '../../model/run-row.ts';
import type { LineWriter, LogFile, Runs } from '../../model/store.ts';
import type { Lock } from '../../model/workplace.ts';
import { jsonNamesIn } from '../../files/folder.ts';
import { safeFileName } from '../../files/file-name.ts';
import { appendLines, wholeLines } from '../../files/lines.ts';
import { tryLockFile } from '../../files/lock.ts';
import { RunIndex } from './run-index.ts';
import { isRunRecord } from './shapes.ts';

/** Records of the first format had no seal. */
const former: FormerText = (value) => (value['format'] === 1 ? `${JSON.stringify(value, null, 1)}\n` : undefined);

/** The records of runs. A live run holds a lock, so a run whose process is gone is known as failed. */
export class LocalRuns implements Runs {
  private readonly root: string;
  private readonly locks: string;
  private readonly logs: string;
  /** What lists need of all runs, a line each. */
  readonly index: RunIndex;

  constructor(root: string) {
    this.root = join(root, 'runs');
    this.index = new RunIndex(root);
    this.locks = join(root, 'locks');
    this.logs = join(root, 'logs');
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
    const path = join(this.root, `${record.id}.json`);
    writeSealed(path, record);
    if (record.state !== 'live') this.index.add([record]);
  }

  read(id: string): RunRecord | undefined {
    if (!isRunId(id)) return undefined;
    const record = readSealed(join(this.root, `${id}.json`), isRunRecord, former);
    if (record?.id !== id) return undefined;
    if (record.state !== 'live' || this.isLive(id)) return record;
    return { ...record, state: 'failed' };
  }

  private isLive(id: string): boolean {
    const lock = existsSync(this.lockPath(id)) ? tryLockFile(this.lockPath(id), true) : undefined;
    lock?.release();
    return lock === undefined && existsSync(this.lockPath(id));
  }

  /** The ids of all runs, newest first. */
  ids(): string[] {
    return jsonNamesIn(this.root).reverse();
  }

  *all(pipeline?: string): Iterable<RunRecord> {
    for (const id of this.ids()) {
      if (pipeline !== undefined && this.index.isOf(id, pipeline) === false) continue;
      const record = this.read(id);
      if (record !== undefined && (pipeline === undefined || record.pipeline === pipeline)) yield record;
    }
  }

  /** What lists need of all runs, newest first; those that no index knows yet are read and added to it. */
  *rows(): Iterable<RunRow> {
    const unknown: RunRecord[] = [];
    try {
      for (const id of this.ids()) {
        const known = this.index.row(id);
        const record = known === undefined ? this.read(id) : undefined;
        if (record !== undefined && record.format <= RECORD_FORMAT && record.ended !== undefined) unknown.push(record);
        if (known !== undefined) yield known;
        else if (record !== undefined)
          yield rowOf(record.format > RECORD_FORMAT ? { ...record, nodes: {}, params: {}, sources: {}, set: [] } : record);
      }
    } finally {
      this.index.add(unknown);
    }
  }

  appendEvents(id: string, onLost: (error: unknown) => void): LineWriter {
    return appendLines(this.eventsPath(id), onLost);
  }

  events(id: string): readonly string[] {
    return isRunId(id) ? wholeLines(readText(this.eventsPath(id)) ?? '').lines : [];
  }

  private eventsPath(id: string): string {
    return join(this.logs, id, 'events.jsonl');
  }

  log(id: string, node: string): LogFile {
    const file = `${safeFileName(node)}.log`;
    return { path: join(this.logs, id, file), name: `logs/${id}/${file}` };
  }

  /** Deletes the records of runs. Their rows go first: a row without its record says that this is lost. */
  remove(ids: ReadonlySet<string>): void {
    this.index.keepOnly(new Set(this.ids().filter((id) => !ids.has(id))));
    for (const id of ids) rmSync(join(this.root, `${id}.json`), { force: true });
  }
}

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lock } from '../../model/ports.ts';
import type { RunRecord } from '../../model/run.ts';
import { writeDurably } from './durable.ts';
import { tryLockFile } from './locks.ts';

/** The records of runs. A live run holds a lock, so a run whose process is gone is known as failed. */
export class Runs {
  private readonly root: string;
  private readonly locks: string;

  constructor(root: string) {
    this.root = join(root, 'runs');
    this.locks = join(root, 'locks');
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
    const text = `${JSON.stringify(record, null, 1)}\n`;
    if (record.state !== 'live') return writeDurably(path, text);
    mkdirSync(this.root, { recursive: true });
    writeFileSync(`${path}.part`, text);
    renameSync(`${path}.part`, path);
    return undefined;
  }

  read(id: string): RunRecord | undefined {
    const path = join(this.root, `${id}.json`);
    if (!/^[\w-]+$/.test(id) || !existsSync(path)) return undefined;
    const record = JSON.parse(readFileSync(path, 'utf8')) as RunRecord;
    if (record.state !== 'live' || this.isLive(id)) return record;
    return { ...record, state: 'failed' };
  }

  private isLive(id: string): boolean {
    const lock = existsSync(this.lockPath(id)) ? tryLockFile(this.lockPath(id), true) : undefined;
    lock?.release();
    return lock === undefined && existsSync(this.lockPath(id));
  }

  *all(): Iterable<RunRecord> {
    if (!existsSync(this.root)) return;
    for (const file of readdirSync(this.root).sort().reverse()) {
      const record = file.endsWith('.json') ? this.read(file.slice(0, -'.json'.length)) : undefined;
      if (record !== undefined) yield record;
    }
  }
}

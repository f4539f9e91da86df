import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ifPossible } from '../../files/durable.ts';
import { forgetFolder, namesIn } from '../../files/folder.ts';
import type { LogFile } from '../../model/store.ts';
import type { KeptSweep, SweepPlace, Sweeps } from '../../model/workplace.ts';
import { appendLines, LinesFile } from '../../files/lines.ts';
import { holderOf, noteHolder, tryLockFile, usesLeases } from '../../files/lock.ts';
import { isWho, type Who } from '../../model/waiting.ts';

const EVENTS = 'events.jsonl';

/** Sweeps: a journal and a folder each, side by side. */
export class LocalSweeps implements Sweeps {
  private readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  ids(): string[] {
    return namesIn(join(this.root, 'sweeps')).flatMap((name) => (name.endsWith('.jsonl') ? [name.slice(0, -'.jsonl'.length)] : []));
  }

  read(id: string): KeptSweep | undefined {
    const folder = join(this.root, 'sweeps', id);
    const { lines } = new LinesFile(`${folder}.jsonl`).look();
    return lines.length === 0 ? undefined : { lines, folder, isLive: this.isLive(id) };
  }

  eventFile(id: string): LogFile {
    const name = `sweeps/${id}/${EVENTS}`;
    return { path: join(this.root, name), name };
  }

  private lockPath(id: string): string {
    return join(this.root, 'locks', `sweep-${id}`);
  }

  lookAnew(): void {
    if (usesLeases(this.root)) ifPossible(() => forgetFolder(join(this.root, 'sweeps'), this.root));
  }

  isLive(id: string): boolean {
    if (!existsSync(this.lockPath(id))) return false;
    const lock = tryLockFile(this.lockPath(id), true);
    lock?.release();
    return lock === undefined;
  }

  open(id: string, who: Who): SweepPlace | { readonly takenBy: Who | undefined } {
    const path = this.lockPath(id);
    const lock = tryLockFile(path);
    if (lock === undefined) return { takenBy: holderOf(path, isWho) };
    noteHolder(lock, who);
    const folder = join(this.root, 'sweeps', id);
    return {
      folder,
      journal: new LinesFile(`${folder}.jsonl`),
      appendEvents: (onLost) => appendLines(this.eventFile(id).path, onLost),
      release: () => lock.release(),
    };
  }
}

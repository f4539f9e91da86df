import { join } from 'node:path';
import type { SweepPlace, Sweeps } from '../../model/workplace.ts';
import { appendLines, LinesFile } from '../../files/lines.ts';
import { holderOf, noteHolder, tryLockFile } from '../../files/lock.ts';
import { isWho, type Who } from '../../model/waiting.ts';

/** Sweeps: a journal and a folder each, side by side. */
export class LocalSweeps implements Sweeps {
  private readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  open(id: string, who: Who): SweepPlace | { readonly takenBy: Who | undefined } {
    const path = join(this.root, 'locks', `sweep-${id}`);
    const lock = tryLockFile(path);
    if (lock === undefined) return { takenBy: holderOf(path, isWho) };
    noteHolder(lock, who);
    const folder = join(this.root, 'sweeps', id);
    return {
      folder,
      journal: new LinesFile(`${folder}.jsonl`),
      appendEvents: (onLost) => appendLines(join(folder, 'events.jsonl'), onLost),
      release: () => lock.release(),
    };
  }
}

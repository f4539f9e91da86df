import { join } from 'node:path';
import type { SweepPlace, Sweeps } from '../../model/workplace.ts';
import { appendLines, LinesFile } from '../../files/lines.ts';
import { tryLockFile } from '../../files/lock.ts';

/** Sweeps: a journal and a folder each, side by side. */
export class LocalSweeps implements Sweeps {
  private readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  open(id: string): SweepPlace | undefined {
    const lock = tryLockFile(join(this.root, 'locks', `sweep-${id}`));
    if (lock === undefined) return undefined;
    const folder = join(this.root, 'sweeps', id);
    return {
      folder,
      journal: new LinesFile(`${folder}.jsonl`),
      appendEvents: () => appendLines(join(folder, 'events.jsonl')),
      release: () => lock.release(),
    };
  }
}

import { join } from 'node:path';
import { namesIn } from '../../files/folder.ts';
import { isObject } from '../../files/json.ts';
import { tryLockFile } from '../../files/lock.ts';
import { removeTree } from '../../files/remove.ts';
import { readSealed, writeSealed } from '../../files/sealed.ts';
import { claimPath } from './claims.ts';
import type { CheckpointOwner, Checkpoints, FinishedWork } from '../../model/workplace.ts';

/** The note beside the checkpoint of finished work that was kept. */
const NOTE = 'finished.json';

type Note = CheckpointOwner & { readonly checkpoint: string };

function isNote(value: unknown): value is Note {
  return (
    isObject(value) &&
    typeof value['run'] === 'string' &&
    typeof value['fingerprint'] === 'string' &&
    typeof value['asked'] === 'boolean' &&
    typeof value['checkpoint'] === 'string'
  );
}

/** The complete checkpoints in a folder, the newest first. */
function completeIn(folder: string): string[] {
  const numberOf = (name: string): number => Number(name.slice('complete-'.length));
  return namesIn(folder)
    .filter((name) => /^complete-\d+$/.test(name))
    .sort((a, b) => numberOf(b) - numberOf(a));
}

/** The checkpoints of a piece of work, in a folder of a local store. */
export class LocalCheckpoints implements Checkpoints {
  readonly folder: string;
  private readonly claim: string;

  constructor(root: string, work: string) {
    this.folder = join(root, 'checkpoints', work);
    this.claim = claimPath(root, work);
  }

  remove(): readonly string[] {
    return removeTree(this.folder);
  }

  keepNewest(owner: CheckpointOwner): readonly string[] {
    const [newest] = completeIn(this.folder);
    if (newest === undefined) return this.remove();
    const left = namesIn(this.folder)
      .filter((name) => name !== newest)
      .flatMap((name) => removeTree(join(this.folder, name)));
    writeSealed(join(this.folder, NOTE), { ...owner, checkpoint: newest } satisfies Note);
    return left;
  }

  drop(): readonly string[] {
    const lock = tryLockFile(this.claim);
    if (lock === undefined) return [];
    try {
      return this.remove();
    } finally {
      lock.release();
    }
  }
}

/** The finished works of a store whose newest checkpoint was kept. Where work has gone on since, it is not finished. */
export function finishedWorks(root: string): FinishedWork[] {
  return namesIn(join(root, 'checkpoints')).flatMap((work) => {
    const folder = join(root, 'checkpoints', work);
    const note = readSealed(join(folder, NOTE), isNote);
    if (note === undefined || completeIn(folder)[0] !== note.checkpoint) return [];
    const { run, fingerprint, asked } = note;
    return [{ work, run, fingerprint, asked }];
  });
}

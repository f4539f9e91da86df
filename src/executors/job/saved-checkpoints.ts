// Of `node:fs`, which loads them when they are first used: commands save no checkpoints.
import { constants, promises } from 'node:fs';
import { join } from 'node:path';

/** The name of a complete checkpoint among those of a work. */
const COMPLETE = /^complete-\d+$/;

/** Makes all that is at or below a path durable, without following links. */
async function syncBelow(path: string): Promise<void> {
  const stats = await promises.lstat(path);
  if (stats.isDirectory()) for (const name of await promises.readdir(path)) await syncBelow(join(path, name));
  else if (!stats.isFile()) return;
  const file = await promises.open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Makes the checkpoints of a stage durable as it tells of them, one after the other and beside its work: the stage itself may not, under its
 * permissions. A stage removes a checkpoint only when it has completed two newer ones.
 */
export class SavedCheckpoints {
  private readonly root: string;
  private synced: Promise<void> = Promise.resolve();

  /** `root` holds the checkpoints of the work, and those of other works lie beside it. */
  constructor(root: string) {
    this.root = root;
  }

  /** A stage has completed a checkpoint. What cannot be synced (it is gone already, or the disk refuses) carries digests that tell. */
  saved(name: string): void {
    if (!COMPLETE.test(name)) return;
    const paths = [join(this.root, name), this.root, join(this.root, '..')];
    this.synced = this.synced.then(() => this.sync(paths)).catch(() => undefined);
  }

  /** Resolves when all of which the stage has told are on the disk. */
  settled(): Promise<void> {
    return this.synced;
  }

  private async sync([checkpoint = '', ...above]: readonly string[]): Promise<void> {
    await syncBelow(checkpoint);
    for (const folder of above) {
      const names = await promises.open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
      await names.sync().finally(() => names.close());
    }
  }
}

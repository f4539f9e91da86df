import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { lockFile } from '../../files/lock.ts';
import type { Claim, Workplace, Workplaces } from '../../model/workplace.ts';

/** Locks on work, the folders where it is done, and its checkpoints. */
export class LocalWorkplaces implements Workplaces {
  private readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  async claim(work: string, signal: AbortSignal, onWait: () => void): Promise<Claim | undefined> {
    const path = join(this.root, 'locks', work);
    const owner = await lockFile(`${path}.owner`, signal, onWait);
    if (owner === undefined) return undefined;
    const scratch = join(this.root, 'scratch');
    const left = existsSync(scratch) ? readdirSync(scratch).filter((name) => name.startsWith(`${work.slice(0, 16)}-`)) : [];
    return {
      remains: left.map((id) => this.at(id)),
      lock: (until) => lockFile(path, until, () => undefined),
      release: owner.release,
    };
  }

  make(work: string): Workplace {
    const place = this.at(`${work.slice(0, 16)}-${randomBytes(6).toString('hex')}`);
    mkdirSync(place.folder, { recursive: true });
    return place;
  }

  private at(id: string): Workplace {
    const folder = join(this.root, 'scratch', id);
    return { id, folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
  }

  checkpoints(work: string): { folder: string; remove(): void } {
    const folder = join(this.root, 'checkpoints', work);
    return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
  }
}

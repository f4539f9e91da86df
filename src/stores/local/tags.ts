import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeDurably } from '../../files/durable.ts';

/** A name given to a run. */
export interface Tag {
  readonly name: string;
  /** The run's id. */
  readonly run: string;
}

/** What a tag may be called: it cannot be taken for an id or the beginning of a hash. */
export function isTagName(name: string): boolean {
  return /^[A-Za-z][\w.-]{0,99}$/.test(name) && !/^[0-9a-f]{4,64}$/.test(name);
}

/** Names and pins of runs, a small file each. Both keep a run from being swept up. */
export class Tags {
  private readonly root: string;
  private readonly pinned: string;

  constructor(root: string) {
    this.root = join(root, 'tags');
    this.pinned = join(root, 'pins');
  }

  /** The id of the run that a tag names. */
  read(name: string): string | undefined {
    const path = join(this.root, name);
    return isTagName(name) && existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined;
  }

  /** All tags by name. */
  all(): Tag[] {
    const names = existsSync(this.root) ? readdirSync(this.root).sort() : [];
    return names.flatMap((name) => {
      const run = this.read(name);
      return run === undefined ? [] : [{ name, run }];
    });
  }

  set(name: string, run: string): void {
    writeDurably(join(this.root, name), `${run}\n`);
  }

  delete(name: string): void {
    rmSync(join(this.root, name), { force: true });
  }

  /** The ids of all pinned runs. */
  pins(): string[] {
    return existsSync(this.pinned) ? readdirSync(this.pinned).filter((name) => !name.endsWith('.part')) : [];
  }

  pin(run: string): void {
    writeDurably(join(this.pinned, run), '');
  }

  unpin(run: string): void {
    rmSync(join(this.pinned, run), { force: true });
  }
}

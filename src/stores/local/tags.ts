import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isPart, removeDurably, writeDurably } from '../../files/durable.ts';
import { isTagName, type Tag, type Tags } from '../../model/store.ts';

/** Names and pins of runs, a small file each. Both keep a run from being removed. */
export class LocalTags implements Tags {
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
    const names = existsSync(this.root)
      ? readdirSync(this.root)
          .sort()
          .filter((name) => !isPart(name))
      : [];
    return names.flatMap((name) => {
      const run = this.read(name);
      return run === undefined ? [] : [{ name, run }];
    });
  }

  set(name: string, run: string): void {
    writeDurably(join(this.root, name), `${run}\n`);
  }

  delete(name: string): void {
    removeDurably(join(this.root, name));
  }

  /** The ids of all pinned runs. */
  pins(): string[] {
    return existsSync(this.pinned) ? readdirSync(this.pinned).filter((name) => !isPart(name)) : [];
  }

  pin(run: string): void {
    writeDurably(join(this.pinned, run), '');
  }

  unpin(run: string): void {
    removeDurably(join(this.pinned, run));
  }
}

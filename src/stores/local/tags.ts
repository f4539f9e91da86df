import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { isPart, removeDurably } from '../../files/durable.ts';
import { namesIn } from '../../files/folder.ts';
import { isObject } from '../../files/json.ts';
import { readSealed, readText, writeSealed } from '../../files/sealed.ts';
import { isRunId } from '../../model/run.ts';
import { isTagName, type Tag, type Tags } from '../../model/store.ts';

function isTag(value: unknown): value is Tag {
  return isObject(value) && typeof value['name'] === 'string' && typeof value['run'] === 'string';
}

function isPin(value: unknown): value is Pick<Tag, 'run'> {
  return isObject(value) && typeof value['run'] === 'string';
}

/** Names and pins of runs, a small file each. Both keep a run from being removed. A former Stillroom wrote them without a seal. */
export class LocalTags implements Tags {
  private readonly root: string;
  private readonly pinFolder: string;

  constructor(root: string) {
    this.root = join(root, 'tags');
    this.pinFolder = join(root, 'pins');
  }

  /** The id of the run that a tag names. */
  read(name: string): string | undefined {
    if (!isTagName(name)) return undefined;
    const path = join(this.root, name);
    const tag = readSealed(path, isTag);
    if (tag !== undefined) return tag.name === name ? tag.run : undefined;
    const [, run = ''] = /^([^\n]+)\n$/.exec(readText(path) ?? '') ?? [];
    return isRunId(run) ? run : undefined;
  }

  /** All tags by name. */
  all(): Tag[] {
    return namesIn(this.root).flatMap((name) => {
      const run = this.read(name);
      return run === undefined ? [] : [{ name, run }];
    });
  }

  set(name: string, run: string): void {
    writeSealed(join(this.root, name), { name, run } satisfies Tag);
  }

  delete(name: string): void {
    removeDurably(join(this.root, name));
  }

  /** The ids of all pinned runs. */
  pins(): string[] {
    const runs = namesIn(this.pinFolder).flatMap((name) => this.pinned(name) ?? []);
    return [...new Set(runs)];
  }

  /** The id of the run that a file among the pins keeps. */
  pinned(file: string): string | undefined {
    const path = join(this.pinFolder, file);
    if (isRunId(file)) return lstatSync(path, { throwIfNoEntry: false })?.size === 0 ? file : undefined;
    const run = readSealed(path, isPin)?.run;
    return file === `${run}.json` ? run : undefined;
  }

  /** The tags and pins that are damaged, in words. */
  damaged(): string[] {
    const left = (folder: string): string[] => namesIn(folder).filter((name) => !isPart(name));
    return [
      ...left(this.root).flatMap((name) => (this.read(name) === undefined ? [`the tag ${name}`] : [])),
      ...left(this.pinFolder).flatMap((name) => (this.pinned(name) === undefined ? [`the pin of ${name.replace(/\.json$/, '')}`] : [])),
    ];
  }

  pin(run: string): void {
    writeSealed(join(this.pinFolder, `${run}.json`), { run });
  }

  unpin(run: string): void {
    for (const name of [run, `${run}.json`]) removeDurably(join(this.pinFolder, name));
  }
}

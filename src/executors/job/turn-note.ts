import { closeSync, fstatSync, openSync, renameSync, rmSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { tryLock } from 'fs-native-extensions';
import { removeFile } from '../../files/remove-file.ts';
import type { Who } from '../../model/waiting.ts';
import type { Turn } from './turns.ts';

/** A turn that has begun. */
export interface Begun {
  readonly devices: readonly string[];
  /** Whoever inherits it keeps the turn. */
  readonly descriptor: number;
  /** Of one that works beside others although it wanted to be alone: who is there beside it now. */
  readonly beside: (() => readonly Who[]) | undefined;
  end(): void;
}

/** A note that was not moved to its place yet. */
export const UNFINISHED = '.new';

/** The note of one who uses the machine or wants to, in a folder of all of them. It is locked as long as its writer, or an heir, lives. */
export class Note {
  readonly turn: Turn;
  readonly path: string;
  descriptor: number;

  constructor(folder: string, turn: Turn) {
    this.path = pathOf(folder, turn);
    this.turn = turn;
    this.descriptor = writeLocked(this.path, turn);
  }

  /** The same with other words. */
  change(change: Partial<Turn>): Note {
    const changed = new Note(dirname(this.path), { ...this.turn, ...change });
    if (changed.path === this.path) closeSync(this.descriptor);
    else this.release();
    return changed;
  }

  /** Lets go; where it was inherited, the heirs still hold it. */
  release(isInherited = true): void {
    if (!isInherited) removeFile(this.path);
    closeSync(this.descriptor);
    if (isInherited) removeFree(this.path);
  }
}

/** Writes a file that is locked before anyone sees it. */
function writeLocked(path: string, content: object): number {
  const unfinished = path + UNFINISHED;
  const descriptor = openSync(unfinished, 'w+');
  try {
    tryLock(descriptor);
    writeSync(descriptor, JSON.stringify(content));
    renameSync(unfinished, path);
  } catch (error) {
    closeSync(descriptor);
    rmSync(unfinished, { force: true });
    throw error;
  }
  return descriptor;
}

/** Removes a note that no one holds any more. */
export function removeFree(path: string): void {
  try {
    const descriptor = openSync(path, 'r+');
    const isFree = tryLock(descriptor) && statSync(path, { throwIfNoEntry: false })?.ino === fstatSync(descriptor).ino;
    if (isFree) unlinkSync(path);
    closeSync(descriptor);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** Where a turn's note lies; its name says what most need to know of it. */
export function pathOf(folder: string, { ticket, alone, gpu }: Turn): string {
  return join(folder, `${String(ticket).padStart(12, '0')}.${alone ? 'alone' : gpu > 0 ? 'gpu' : 'plain'}`);
}

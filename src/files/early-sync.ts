import { closeSync, fdatasync, fsyncSync, openSync } from 'node:fs';

/** Bytes after which the disk is told to go on with what was written. */
const STRIDE = 64 * 1024 * 1024;

/** Files at most that the disk is told to begin with until this process gets around to closing them. */
const MOST = 32;

/** How many there are. */
let begun = 0;

/** The openings of a file. Each is told once of what the disk could not write: so the last sync has one that no early one has used. */
interface Openings {
  readonly early: number;
  readonly last: number;
}

/**
 * Lets the disk begin with a large file while more of it is written, or all of it hashed, so that little is left to wait for when it is made
 * durable. A small one is left alone.
 */
export class EarlySync {
  private readonly path: string;
  private open: Openings | undefined;
  private written = 0;
  private running = 0;

  constructor(path: string) {
    this.path = path;
  }

  /** Says that so many bytes more were written. */
  wrote(bytes: number): void {
    this.written += bytes;
    if (this.written < STRIDE) return;
    this.written = 0;
    this.begin();
  }

  /** Lets the disk begin with all that was written so far, unless it has enough to do. */
  begin(): void {
    if (this.open === undefined) {
      if (begun >= MOST) return;
      this.open = openings(this.path);
      begun += 1;
    }
    const { early } = this.open;
    this.running += 1;
    fdatasync(early, () => {
      this.running -= 1;
      this.closeEarly(early);
    });
  }

  /** Ends when all bytes are on the disk, if the disk was told to begin; else they are still to be synced. Throws what became of an early sync too. */
  finish(): void {
    if (this.open !== undefined) fsyncSync(this.open.last);
    this.close();
  }

  /** Ends the use of it, finished or not. */
  close(): void {
    if (this.open === undefined) return;
    const { early, last } = this.open;
    this.open = undefined;
    closeSync(last);
    this.closeEarly(early);
  }

  /** Once no thread has to sync it any more: closed before, its number could be that of another file. */
  private closeEarly(early: number): void {
    if (this.open !== undefined || this.running > 0) return;
    closeSync(early);
    begun -= 1;
  }
}

function openings(path: string): Openings {
  const early = openSync(path, 'r');
  try {
    return { early, last: openSync(path, 'r') };
  } catch (error) {
    closeSync(early);
    throw error;
  }
}

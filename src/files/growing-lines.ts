import { closeSync, fstatSync, lstatSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { openPlain } from './plain.ts';

/** Bytes that are read at once. */
const PIECE = 64 * 1024;

/**
 * The lines of a file that may still grow, or is not there yet: each is given once, when it has its end. A file that was begun anew is read
 * from its beginning. Anything that is no plain file is refused.
 */
export class GrowingLines {
  private readonly path: string;
  private readonly onLine: (line: string) => void;
  private readonly longest: number;
  private readonly decoder = new StringDecoder('utf8');
  /** Made with the first look that finds the file. */
  private piece: Buffer | undefined;
  private file: number | undefined;
  private offset = 0;
  private rest = '';
  /** How many lines it gave. */
  count = 0;

  /** Of lines of more than `longest` characters only the beginning is given, with one character more. */
  constructor(path: string, onLine: (line: string) => void, longest = Number.POSITIVE_INFINITY) {
    this.path = path;
    this.onLine = onLine;
    this.longest = longest;
  }

  /** Whether the file is there, or was. */
  get isFound(): boolean {
    return this.open() !== undefined;
  }

  private open(): number | undefined {
    // An error takes longer than to look; most files of events are never there.
    if (this.file === undefined && lstatSync(this.path, { throwIfNoEntry: false }) === undefined) return undefined;
    try {
      this.file ??= openPlain(this.path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    return this.file;
  }

  /** Passes over all but the last lines; to be called before anything was read. */
  skipTo(lines: number): void {
    const file = this.open();
    if (file === undefined) return;
    const piece = Buffer.allocUnsafe(PIECE);
    const size = fstatSync(file).size;
    let wanted = lines;
    let end = size;
    while (end > 0) {
      const start = Math.max(0, end - PIECE);
      readSync(file, piece, 0, end - start, start);
      for (let at = end - start - 1; at >= 0; at -= 1) {
        // The end of the last line ends none before it.
        if (piece[at] !== 10 || start + at === size - 1) continue;
        wanted -= 1;
        if (wanted > 0) continue;
        this.offset = start + at + 1;
        return;
      }
      end = start;
    }
  }

  /** Gives the whole lines that came since, of about so many bytes; whether there may be more. */
  read(most = Number.POSITIVE_INFINITY): boolean {
    const file = this.open();
    if (file === undefined) return false;
    this.piece ??= Buffer.allocUnsafe(PIECE);
    const { piece } = this;
    if (fstatSync(file).size < this.offset) [this.offset, this.rest] = [0, ''];
    for (let taken = 0; taken < most; ) {
      const got = readSync(file, piece, 0, PIECE, this.offset);
      if (got === 0) return false;
      this.offset += got;
      taken += got;
      this.take(this.decoder.write(piece.subarray(0, got)));
    }
    return true;
  }

  private take(text: string): void {
    const lines = (this.rest + text).split('\n');
    this.rest = this.cut(lines.pop() ?? '');
    for (const line of lines) this.give(this.cut(line));
  }

  private cut(line: string): string {
    return line.length > this.longest ? line.slice(0, this.longest + 1) : line;
  }

  private give(line: string): void {
    this.count += 1;
    this.onLine(line);
  }

  /** Lets go of the file until it is read again; whoever writes it elsewhere may be seen only then. */
  release(): void {
    if (this.file !== undefined) closeSync(this.file);
    this.file = undefined;
  }

  /** Gives what has come, the last line too if it has no end, and lets go of the file. */
  end(): void {
    this.read();
    if (this.rest !== '') this.give(this.rest);
    this.rest = '';
    this.release();
  }
}

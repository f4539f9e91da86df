import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';

/** Bytes that are read at once. */
const PIECE = 64 * 1024;

/** Reads the lines of a file that may still grow, or is not there yet. */
export class LogTail {
  private readonly path: string;
  private readonly onLine: (line: string) => void;
  private readonly decoder = new StringDecoder('utf8');
  private file: number | undefined;
  private offset = 0;
  private rest = '';
  /** How many lines it gave. */
  count = 0;

  constructor(path: string, onLine: (line: string) => void) {
    this.path = path;
    this.onLine = onLine;
  }

  /** Whether the file was there. */
  get isFound(): boolean {
    return this.open() !== undefined;
  }

  private open(): number | undefined {
    try {
      this.file ??= openSync(this.path, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    return this.file;
  }

  /** Passes over all but the last lines; to be called before anything was read. */
  skipTo(lines: number): void {
    const file = this.open();
    if (file === undefined) return;
    const piece = Buffer.alloc(PIECE);
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

  /** Gives the whole lines that came since. */
  read(): void {
    const file = this.open();
    if (file === undefined) return;
    const piece = Buffer.alloc(PIECE);
    for (let got = readSync(file, piece, 0, PIECE, this.offset); got > 0; got = readSync(file, piece, 0, PIECE, this.offset)) {
      this.offset += got;
      const lines = (this.rest + this.decoder.write(piece.subarray(0, got))).split('\n');
      this.rest = lines.pop() ?? '';
      for (const line of lines) this.give(line);
    }
  }

  /** Gives the last line if it has no end, and reads no more. */
  close(): void {
    this.read();
    if (this.rest !== '') this.give(this.rest);
    if (this.file !== undefined) closeSync(this.file);
    this.file = undefined;
  }

  private give(line: string): void {
    this.count += 1;
    this.onLine(line);
  }
}

import { closeSync, existsSync, openSync, truncateSync } from 'node:fs';
import { writeAll } from './write-all.ts';
import { dirname } from 'node:path';
import { ifPossible, makeFolder, syncBeside, writeDurably } from './durable.ts';
import { makeFolders } from './folder.ts';
import { isObject, parseJson } from './json.ts';
import { lineText, openLine, sealedLine } from './sealed.ts';
import { withPath } from './with-path.ts';
import { readPlain } from './plain.ts';

/**
 * A file of one sealed JSON object a line that only grows. It counts up to the first line that is damaged, as one that a crash cut off or a
 * power cut left as zeros: what follows could build on what is lost.
 */
export class LinesFile {
  private readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** The lines that count; what follows them is cut off. Empty where there is no file. */
  read(): object[] {
    const { lines, bytes, size } = this.look();
    if (bytes < size) truncateSync(this.path, bytes);
    return lines;
  }

  /** The lines that count, the bytes that they take, and the file's size. */
  look(): { readonly lines: object[]; readonly bytes: number; readonly size: number } {
    const content = existsSync(this.path) ? readPlain(this.path) : Buffer.alloc(0);
    const lines: object[] = [];
    let bytes = 0;
    for (let end = content.indexOf(10); end !== -1; end = content.indexOf(10, bytes)) {
      const line = openLine(content.subarray(bytes, end).toString('utf8'), isObject);
      if (line === undefined) break;
      lines.push(line);
      bytes = end + 1;
    }
    return { lines, bytes, size: content.length };
  }

  /** Begins the file anew with one line, durably; it is seen with it or not at all. */
  begin(line: object): void {
    writeDurably(this.path, `${sealedLine(JSON.stringify(line))}\n`);
  }

  /** Adds a line. */
  append(line: object): void {
    const file = openSync(this.path, 'a');
    withPath(this.path, () => {
      try {
        writeAll(file, Buffer.from(`${sealedLine(JSON.stringify(line))}\n`));
      } finally {
        closeSync(file);
      }
    });
  }

  /** Adds a line; it is on the disk, with those before it, when this ends. */
  async appendDurably(line: object): Promise<void> {
    this.append(line);
    await syncBeside([this.path]);
  }
}

/** Lines that are appended to a file while the program goes on. */
export interface LineStream {
  /** Adds a line: the JSON of an object, which is sealed. */
  write(line: string): void;
  /** Ends when all lines are written, durably. */
  close(): Promise<void>;
}

/** Cuts off what stands after the last whole line, or what is appended would make one damaged line with it. */
function cutOffEnd(path: string): void {
  const bytes = readPlain(path);
  const end = bytes.lastIndexOf(10) + 1;
  if (end < bytes.length) truncateSync(path, end);
}

/** Opens a file, or begins it, to append lines. Where the system does not take them, the rest is left out, and `onLost` is told why, once. */
export function appendLines(path: string, onLost: (error: unknown) => void): LineStream {
  let isLost = false;
  const lose = (error: unknown): void => {
    if (isLost) return;
    isLost = true;
    // A line that was written in part would count as a damaged one.
    ifPossible(() => cutOffEnd(path));
    onLost(error instanceof Error && !('path' in error) ? Object.assign(error, { path }) : error);
  };
  const unlessLost = (work: () => void): void => {
    if (isLost) return;
    try {
      withPath(path, work);
    } catch (error) {
      lose(error);
    }
  };
  let file = -1;
  const folder = dirname(path);
  unlessLost(() => {
    // That it is there is made durable at the end, with what it is for.
    makeFolder(dirname(folder));
    makeFolders(folder);
    if (existsSync(path)) cutOffEnd(path);
    file = openSync(path, 'a');
  });
  // What comes at once is written at once.
  let waiting: string[] = [];
  const flush = (): void => {
    const text = waiting.join('');
    waiting = [];
    if (text !== '') unlessLost(() => writeAll(file, Buffer.from(text)));
  };
  return {
    write: (line) => {
      if (waiting.push(`${sealedLine(line)}\n`) === 1) setImmediate(flush);
    },
    async close() {
      flush();
      if (file !== -1) closeSync(file);
      file = -1;
      if (!isLost) await syncBeside([path, folder, dirname(folder)]).catch(lose);
    },
  };
}

/** The JSON of the lines of a file that were appended, without those that are damaged. A former Stillroom sealed none. */
export function wholeLines(text: string): { readonly lines: readonly string[]; readonly damaged: number } {
  // A line without its end may still be written.
  const written = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  const all = written.filter((line) => line !== '');
  const isFormer = !all.some((line) => line.includes('"seal":"'));
  const lines = all.flatMap((line) => (isFormer ? parseJson(line, isObject) && line : lineText(line)) ?? []);
  return { lines, damaged: all.length - lines.length };
}

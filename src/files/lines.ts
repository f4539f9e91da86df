import { closeSync, createWriteStream, existsSync, fsyncSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder, syncFolder, writeDurably } from './durable.ts';

/** A file of one JSON value a line that only grows. A line that a crash cut off, or a power cut left as zeros, is as if it had not been written. */
export class LinesFile {
  private readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** The whole lines; what a crash left after the last of them is cut off. Empty where there is no file. */
  read(): unknown[] {
    if (!existsSync(this.path)) return [];
    const bytes = readFileSync(this.path);
    const end = bytes.lastIndexOf('\n') + 1;
    if (end < bytes.length) truncateSync(this.path, end);
    return bytes.subarray(0, end).toString('utf8').split('\n').flatMap(parsed);
  }

  /** Begins the file anew with one line, durably; it is seen with it or not at all. */
  begin(line: object): void {
    writeDurably(this.path, `${JSON.stringify(line)}\n`);
  }

  /** Adds a line; with `durably` it is on the disk when this returns. */
  append(line: object, durably: boolean): void {
    const file = openSync(this.path, 'a');
    try {
      writeSync(file, `${JSON.stringify(line)}\n`);
      if (durably) fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }
}

function parsed(line: string): unknown[] {
  try {
    return line === '' ? [] : [JSON.parse(line)];
  } catch {
    return [];
  }
}

/** Lines that are appended to a file while the program goes on. */
export interface LineStream {
  write(line: string): void;
  /** Ends when all lines are written, durably. */
  close(): Promise<void>;
}

/** Opens a file, or begins it, to append lines. */
export function appendLines(path: string): LineStream {
  makeFolder(dirname(path));
  const stream = createWriteStream(path, { flags: 'a', flush: true });
  return {
    write: (line) => void stream.write(`${line}\n`),
    async close() {
      await new Promise<void>((resolve) => void stream.end(() => resolve()));
      syncFolder(dirname(path));
    },
  };
}

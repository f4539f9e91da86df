import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';

/** Bytes at the end of a file in which its last lines are looked for. */
const TAIL = 16 * 1024;

/** At most so many of the last lines of a text file, without what is blank at its end; none where there is no such file. */
export function lastLines(path: string, most: number): readonly string[] {
  if (!existsSync(path)) return [];
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(size, TAIL));
    const got = readSync(file, bytes, 0, bytes.length, size - bytes.length);
    const text = bytes.toString('utf8', 0, got).trimEnd();
    return text === '' ? [] : text.split('\n').slice(-most);
  } finally {
    closeSync(file);
  }
}

import { closeSync, existsSync, fstatSync, readSync } from 'node:fs';
import { openPlain } from './plain.ts';

/** Bytes at the end of a file in which its last lines are looked for. */
const TAIL = 16 * 1024;

/** At most so many of the last lines of a text file, without what is blank at its end; none where there is no such file. */
export function lastLines(path: string, most: number): readonly string[] {
  if (!existsSync(path)) return [];
  const file = openPlain(path);
  try {
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(size, TAIL));
    const got = readSync(file, bytes, 0, bytes.length, size - bytes.length);
    const text = bytes.toString('utf8', 0, got).trimEnd();
    if (text === '') return [];
    const lines = text.split('\n');
    // What begins before is no whole line; of a single one the end is better than nothing.
    const isCut = size > bytes.length && lines.length > 1;
    return lines.slice(isCut ? 1 : 0).slice(-most);
  } finally {
    closeSync(file);
  }
}

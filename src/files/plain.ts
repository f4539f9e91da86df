import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { isStale } from './if-there.ts';

/** The code of the error that says that something lies there which is no plain file. */
export const NO_PLAIN_FILE = 'ENOTFILE';

/** So often is a file opened in whose place others put new ones all the time. */
const TRIES = 8;

/** Opens a plain file for reading. Anything else is refused: to open a pipe would wait for ever, and a device may have no end. */
export function openPlain(path: string): number {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(descriptor);
    if (stats.isFile()) return descriptor;
    const [code, what] = stats.isDirectory() ? ['EISDIR', 'a folder'] : [NO_PLAIN_FILE, 'no plain file'];
    throw Object.assign(new Error(`${code}: it is ${what}, open '${path}'`), { code, path, syscall: 'open' });
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** The bytes of a plain file. */
export function readPlain(path: string): Buffer {
  for (let tried = 1; ; tried += 1) {
    try {
      return readOnce(path);
    } catch (error) {
      // Another machine put a file in its place while it was read.
      if (!isStale(error) || tried === TRIES) throw error;
    }
  }
}

function readOnce(path: string): Buffer {
  const descriptor = openPlain(path);
  try {
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

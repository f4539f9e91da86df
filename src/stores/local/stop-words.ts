import { closeSync, constants, openSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ifPossible } from '../../files/durable.ts';
import { safeFileName } from '../../files/file-name.ts';
import { makeFolders, namesIn } from '../../files/folder.ts';
import { ifThere } from '../../files/if-there.ts';
import { writeAll } from '../../files/write-all.ts';
import type { StopListener, StopWords, ToldStop } from '../../model/stop-word.ts';

const PREFIX = 'stop-';

/**
 * Words to what runs, a file each. Whoever listens makes it, and reads it by opening it anew: that shows what another machine added to a file,
 * where a new name in a folder may stay unseen for long.
 */
export class LocalStopWords implements StopWords {
  private readonly locks: string;

  constructor(root: string) {
    this.locks = join(root, 'locks');
  }

  private pathOf(id: string): string {
    return join(this.locks, PREFIX + safeFileName(id));
  }

  listen(id: string): StopListener {
    const path = this.pathOf(id);
    // Where the disk takes no file more, it goes on without.
    ifPossible(() => {
      makeFolders(dirname(path));
      closeSync(openSync(path, 'w'));
    });
    return { read: () => lastWord(path), close: () => ifPossible(() => rmSync(path, { force: true })) };
  }

  tell(id: string, { word, by }: ToldStop): boolean {
    const file = ifThere(() => openSync(this.pathOf(id), constants.O_WRONLY | constants.O_APPEND));
    if (file === undefined) return false;
    try {
      writeAll(file, Buffer.from(`${word} ${by}\n`));
    } finally {
      closeSync(file);
    }
    return true;
  }
}

/** The ids of those in a store who listen for words, or did so until they were killed; the newest run first. */
export function listeningIn(root: string): readonly string[] {
  return namesIn(join(root, 'locks'))
    .flatMap((name) => (name.startsWith(PREFIX) ? [name.slice(PREFIX.length)] : []))
    .reverse();
}

/** The last whole line of a file of words. */
function lastWord(path: string): ToldStop | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    // What cannot be read now may be read the next time.
    return undefined;
  }
  const [, word, by = ''] = /(?:^|\n)(ask|kill) ([^\n]*)\n$/.exec(text) ?? [];
  return word === 'ask' || word === 'kill' ? { word, by } : undefined;
}

import { constants, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';

const folders: string[] = [];

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** An empty folder, in that for what is temporary or in another one, that is gone when the tests of the file have ended. */
export function emptyFolder(parent = tmpdir()): string {
  const folder = mkdtempSync(join(parent, 'stillroom-test-'));
  folders.push(folder);
  return folder;
}

/** Whether a copy of a file in a folder may share its blocks. */
export function sharesBlocks(parent = tmpdir()): boolean {
  const folder = emptyFolder(parent);
  writeFileSync(join(folder, 'a'), 'a');
  try {
    copyFileSync(join(folder, 'a'), join(folder, 'b'), constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch {
    return false;
  }
}

/** Writes files below a folder. */
export function write(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [path, content] of Object.entries(files)) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}

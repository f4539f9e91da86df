import { fchmodSync, fstatSync, openSync } from 'node:fs';

/** Opens new files that all may read and no one may write, but for whoever has them open. */
export class ReadOnlyFiles {
  /** Modes by whether a file that is made with one has it: the process may be set to make files with less. */
  private readonly given = new Map<number, boolean>();

  open(path: string, executable: boolean): number {
    const mode = executable ? 0o555 : 0o444;
    const descriptor = openSync(path, 'wx', mode);
    const isGiven = this.given.get(mode) ?? (fstatSync(descriptor).mode & 0o777) === mode;
    this.given.set(mode, isGiven);
    if (!isGiven) fchmodSync(descriptor, mode);
    return descriptor;
  }
}

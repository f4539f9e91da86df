import { constants } from 'node:os';

/** Whether what was open was removed on another machine: of some errors Node knows the number alone, and gives them no name. */
export function isStale(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).errno === -constants.errno.ESTALE;
}

/** What work returns; undefined where the file was not there, or was removed meanwhile, here or on another machine. */
export function ifThere<Value>(work: () => Value): Value | undefined {
  try {
    return work();
  } catch (error) {
    if (isStale(error) || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

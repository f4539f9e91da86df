/** What is not there, or was removed on another machine while it was read. */
const GONE: ReadonlySet<string | undefined> = new Set(['ENOENT', 'ESTALE']);

/** What work returns; undefined where the file was removed before or meanwhile. */
export function ifThere<Value>(work: () => Value): Value | undefined {
  try {
    return work();
  } catch (error) {
    if (GONE.has((error as NodeJS.ErrnoException).code)) return undefined;
    throw error;
  }
}

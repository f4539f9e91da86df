import { readdirSync } from 'node:fs';

/** The names in a folder, sorted; none where there is no folder. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(code)) return [];
    throw error;
  }
}

/** The names of a folder's files `NAME.json` without their suffix, sorted. */
export function jsonNamesIn(folder: string): string[] {
  return namesIn(folder).flatMap((file) => (file.endsWith('.json') ? [file.slice(0, -'.json'.length)] : []));
}

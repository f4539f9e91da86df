import { readdirSync } from 'node:fs';
import { delimiter } from 'node:path';

/** The names in the folders that a PATH names: nearly all are programs. */
export function programsIn(path: string): readonly string[] {
  return path.split(delimiter).flatMap((folder) => {
    try {
      return readdirSync(folder);
    } catch {
      return [];
    }
  });
}

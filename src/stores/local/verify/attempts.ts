import { join } from 'node:path';
import { isObject } from '../../../files/json.ts';
import { readSealed } from '../../../files/sealed.ts';
import type { Inspection } from './inspection.ts';

/** The sealed files of an attempt: what it was to do, and how it ended. */
const SEALED = ['job.json', 'exit.json'];

/** Looks at what unfinished attempts left, from which the next run goes on. Both files are written whole, so it does not matter who is at it. */
export function inspectAttempts(inspection: Inspection): void {
  for (const id of inspection.names('scratch')) {
    for (const name of SEALED) {
      const file = join('scratch', id, name);
      if (!inspection.has(file) || inspection.look(() => readSealed(join(inspection.root, file), isObject)) !== undefined) continue;
      inspection.quarantine(file, {
        kind: 'attempt',
        id: `${id}/${name}`,
        name: `${name} of the attempt ${id}`,
        cost: 'its work begins again',
      });
    }
  }
}

import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Verification } from '../../../src/project/project.ts';
import { value } from './aftermath.ts';
import { openSmall } from './small-project.ts';

/** What a command had said by the time of an attack; `code`: how it had ended, undefined if it had not. */
export interface Said {
  readonly text: string;
  readonly code: number | null | undefined;
}

/**
 * What is damaged or missing after a power cut, but for what may be: notes that are made again and are not synced for that, and work that had
 * not come to its end, as a sweep's last line, which says what it begins.
 */
export function lossesIn({ damaged }: Verification): Verification['damaged'] {
  return damaged.filter(({ kind, cost }) => !cost.startsWith('nothing:') && !['attempt', 'checkpoint', 'sweep'].includes(kind));
}

/** What a command had said and what is not so any more. */
export async function stillTrue(folder: string, args: readonly string[], { text, code }: Said): Promise<string[]> {
  if (code !== 0) return [];
  const project = await openSmall(folder);
  try {
    const [verb, run = '', name] = args;
    if (verb === 'tag' && !value(await project.tags.list()).tags.some((tag) => tag.name === name && tag.run === run))
      return ['the tag is gone'];
    if (verb === 'pack') {
      const unpacked = await project.unpack('run.still', join(folder, 'unpacked'));
      rmSync(join(folder, 'unpacked'), { recursive: true, force: true });
      if (!unpacked.ok) return ['the pack is gone or damaged'];
    }
    if (verb === 'gc' && value(await project.records.list({})).length !== 2) return ['a removed run came back'];
    const [, id] = verb === 'run' ? (/^ {2}run +(\S+)$/m.exec(text) ?? []) : [];
    if (id === undefined) return [];
    const record = await project.records.find(id);
    if (!record.ok || record.value.state !== 'done') return ['the record of a run that had ended is gone'];
    const events = join(folder, 'artifacts/logs', id, 'events.jsonl');
    if (!existsSync(events) || !readFileSync(events, 'utf8').includes('"run-ended"'))
      return ['the events of a run that had ended are gone'];
    return (await isReproducible(folder, id)) ? [] : ['what reproducing a run that had ended takes is gone'];
  } finally {
    project.close();
  }
}

/** Whether the store alone holds all that a run was made of: its code and its sources. */
async function isReproducible(folder: string, id: string): Promise<boolean> {
  const living = ['words', 'stages'].map((name) => join(folder, name)).filter((path) => existsSync(path));
  for (const path of living) renameSync(path, `${path}.away`);
  const project = await openSmall(folder);
  try {
    return (await project.pack(id, 'whole.still')).ok;
  } finally {
    project.close();
    for (const path of living) renameSync(`${path}.away`, path);
    rmSync(join(folder, 'whole.still'), { force: true });
  }
}

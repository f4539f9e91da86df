import { join } from 'node:path';
import { isPart, writeDurably } from '../../../files/durable.ts';
import { isObject } from '../../../files/json.ts';
import { LinesFile, wholeLines } from '../../../files/lines.ts';
import { openSummed, readSealed, readSummed, readText, sealedLine } from '../../../files/sealed.ts';
import { isWholeFolder } from '../../../files/sealed-folder.ts';
import { tryLockFile } from '../../../files/lock.ts';
import { claimPath } from '../claims.ts';
import type { Parts } from '../gc.ts';
import { NOTES } from '../segments/segment.ts';
import { readNote } from '../segments/table.ts';
import type { Inspection, Story } from './inspection.ts';
import { runStory } from './records.ts';

/** What can be made again at no cost. */
function noteStory(file: string): Story {
  return { kind: 'index', id: file, name: `note ${file}`, cost: 'nothing: it is made again' };
}

/** Whether a note of a run in which nothing changed is a line with a sum. */
const isSummed = (file: string): boolean => /\.(?:standing|newest)$/.test(file);

/** Looks at what can be made again at no cost: what is damaged of it is removed. */
export function inspectIndex(inspection: Inspection): void {
  // Markers of work say all by their names; what is checked has a sum in each line.
  for (const folder of inspection.names('index').filter((name) => !['work', 'checked', 'segments'].includes(name)))
    for (const file of inspection.names(join('index', folder))) if (!isSummed(file)) inspectNote(join('index', folder, file), inspection);
  for (const name of inspection.names(NOTES).filter((one) => !isPart(one)))
    if (inspection.look(() => readNote(join(inspection.root, NOTES, name))) === undefined)
      inspection.discard(join(NOTES, name), noteStory(join(NOTES, name)));
  for (const file of inspection.names('latest'))
    if (file.startsWith('.') && file.endsWith('.json')) inspectNote(join('latest', file), inspection);
  const summed = [
    'blobs',
    ...inspection.names('index/checked').map((file) => join('checked', file)),
    ...inspection.names('index/unchanged').flatMap((file) => (isSummed(file) ? [join('unchanged', file)] : [])),
  ];
  for (const file of summed.map((name) => join('index', name))) {
    if (isPart(file) || !inspection.has(file)) continue;
    const lines = inspection.look(() => readText(join(inspection.root, file))?.split('\n'));
    if (lines?.every((line) => line === '' || openSummed(line) !== undefined) !== true) inspection.discard(file, noteStory(file));
  }
}

/** Looks at the index of runs. Only gc removes records, and it removes their rows too: a row without a record tells of one that is lost. */
export function inspectRows({ runs }: Parts, inspection: Inspection): void {
  if (!inspection.has('index/runs')) return;
  const rows = inspection.look(() => runs.index.look());
  const lost = (rows?.ids ?? []).filter((id) => !inspection.has(join('runs', `${id}.json`)));
  for (const id of lost) inspection.find(runStory(id), 'missing');
  if (rows === undefined || rows.damaged > 0) inspection.discard('index/runs', noteStory('index/runs'));
  else if (lost.length > 0) inspection.attempt(() => runs.index.keepOnly(new Set(runs.ids())));
}

function inspectNote(file: string, inspection: Inspection): void {
  const path = join(inspection.root, file);
  if (isPart(file)) return;
  // What a former Stillroom left is not used, but whole.
  if (inspection.look(() => readSealed(path, isObject, (note) => JSON.stringify(note)) ?? readSummed(path)) === undefined)
    inspection.discard(file, noteStory(file));
}

/** Looks at the checkpoints of work that no one does now. */
export function inspectCheckpoints(inspection: Inspection): void {
  for (const work of inspection.names('checkpoints')) {
    const lock = inspection.attempt(() => tryLockFile(claimPath(inspection.root, work)));
    if (lock === undefined) continue;
    for (const name of inspection.names(join('checkpoints', work))) {
      const folder = join('checkpoints', work, name);
      if (!/^complete-\d+$/.test(name) || inspection.look(() => isWholeFolder(join(inspection.root, folder))) === true) continue;
      const cost = 'the work goes on from an earlier one, or begins again';
      inspection.quarantine(folder, {
        kind: 'checkpoint',
        id: `${work}/${name}`,
        name: `checkpoint ${name} of the work ${work.slice(0, 12)}`,
        cost,
      });
    }
    lock.release();
  }
}

/** Looks at the journals and events of sweeps and runs that no one writes to now. */
export function inspectLines(inspection: Inspection): void {
  for (const file of inspection.names('sweeps')) {
    const id = file.replace(/\.jsonl$/, '');
    const lock = inspection.attempt(() => tryLockFile(join(inspection.root, 'locks', `sweep-${id}`)));
    if (lock === undefined) continue;
    if (file.endsWith('.jsonl')) inspectJournal(join('sweeps', file), inspection);
    else
      inspectEvents(
        join('sweeps', file, 'events.jsonl'),
        { kind: 'sweep', id: `${id} events`, name: `events of the sweep ${id}` },
        inspection,
      );
    lock.release();
  }
  for (const id of inspection.names('logs')) {
    const lock = inspection.attempt(() => tryLockFile(join(inspection.root, 'locks', `run-${id}`)));
    if (lock === undefined) continue;
    inspectEvents(join('logs', id, 'events.jsonl'), { kind: 'events', id, name: `events of the run ${id}` }, inspection);
    lock.release();
  }
}

/** A journal counts up to its first damaged line. */
function inspectJournal(file: string, inspection: Inspection): void {
  const journal = new LinesFile(join(inspection.root, file));
  const found = inspection.look(() => journal.look());
  if (found !== undefined && found.bytes === found.size && found.size > 0) return;
  const id = file.slice('sweeps/'.length, -'.jsonl'.length);
  const cost = 'its later trials are proposed again, and reuse their results';
  inspection.quarantine(file, { kind: 'sweep', id, name: `journal of the sweep ${id}`, cost });
  if (found !== undefined && found.lines.length > 0)
    rewrite(
      file,
      found.lines.map((line) => JSON.stringify(line)),
      inspection,
    );
}

/** Of events each line counts by itself. */
function inspectEvents(file: string, story: Omit<Story, 'cost'>, inspection: Inspection): void {
  if (!inspection.has(file)) return;
  const text = inspection.look(() => readText(join(inspection.root, file)));
  const found = wholeLines(text ?? '');
  if (text !== undefined && found.damaged === 0 && (text === '' || text.endsWith('\n'))) return;
  inspection.quarantine(file, { ...story, cost: 'curves in reports lack the points that they told' });
  rewrite(file, found.lines, inspection);
}

function rewrite(file: string, lines: readonly string[], inspection: Inspection): void {
  inspection.attempt(() => writeDurably(join(inspection.root, file), lines.map((line) => `${sealedLine(line)}\n`).join('')));
}

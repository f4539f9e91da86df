import { join } from 'node:path';
import { isObject } from '../../../files/json.ts';
import { readSealed, writeSealedNote } from '../../../files/sealed.ts';
import type { Finding, Verification } from '../../../model/upkeep.ts';
import type { Parts } from '../gc.ts';
import { inspectAttempts } from './attempts.ts';
import { inspectContent } from './content.ts';
import { Inspection } from './inspection.ts';
import { inspectCheckpoints, inspectIndex, inspectLines, inspectRows } from './notes.ts';
import { findMissing, inspectRecords, inspectRuns } from './records.ts';

/** Where it is kept what the last verification missed. */
const MISSED = join('index', 'verify', 'missed.json');

function isMissed(value: unknown): value is { readonly missed: readonly string[] } {
  return isObject(value) && Array.isArray(value['missed']);
}

/**
 * Looks at every file of a store and at all that one names of another, whatever lies there. What is damaged goes to quarantine, or is removed
 * where it can be made again at no cost. What was missing before and still is, is told apart.
 */
export async function verifyStore(parts: Parts): Promise<Verification> {
  const inspection = new Inspection(parts.root);
  const known = inspectRuns(parts, inspection);
  inspectRows(parts, inspection);
  inspectRecords(parts, known, inspection);
  findMissing(parts, known, inspection);
  inspectIndex(inspection);
  inspectCheckpoints(inspection);
  inspectAttempts(inspection);
  inspectLines(inspection);
  await inspectContent(parts, known, inspection);
  const { damaged, stillMissing } = apart(inspection);
  return { checked: inspection.checked, bytes: inspection.bytes, damaged, stillMissing };
}

const keyOf = ({ kind, id }: Finding): string => `${kind} ${id}`;

/** What is found for the first time, and what was missed before; keeps what is missing now, and what will be. */
function apart(inspection: Inspection): Pick<Verification, 'damaged' | 'stillMissing'> {
  const { root, findings } = inspection;
  const before = inspection.attempt(() => readSealed(join(root, MISSED), isMissed))?.missed ?? [];
  const missed = new Set(before);
  const isOld = (finding: Finding): boolean => finding.damage === 'missing' && missed.has(keyOf(finding));
  const now = findings.map(keyOf).sort();
  if (now.join() !== before.join()) inspection.attempt(() => writeSealedNote(join(root, MISSED), { missed: now }));
  return { damaged: findings.filter((finding) => !isOld(finding)), stillMissing: findings.filter(isOld) };
}

import { isObject } from '../../files/json.ts';
import type { FarGarbage, ShelfUsage } from '../../model/far.ts';
import type { FarObject } from '../../model/remote.ts';
import type { Errand } from '../../model/store.ts';
import type { FarRecord } from './envelope.ts';
import { forAll } from './for-all.ts';
import type { Shelf } from './shelf.ts';

const DAY = 24 * 60 * 60 * 1000;

/** Objects that are removed by one question. */
const REMOVED_AT_ONCE = 500;

/** What lies on a shelf; undefined where it could not be asked. */
export async function usageOf(shelf: Shelf, errand: Errand): Promise<ShelfUsage | undefined> {
  const objects = await shelf.objects(errand);
  if (objects === undefined) return undefined;
  const count = (kind: Kind): number => objects.filter(({ key }) => kindOf(shelf, key) === kind).length;
  const { prefix } = shelf;
  return { prefix, results: count('results'), runs: count('runs'), objects: objects.length, bytes: sum(objects) };
}

type Kind = 'results' | 'runs' | 'hashes' | 'blobs' | 'packs' | 'other';

function kindOf({ prefix }: Shelf, key: string): Kind {
  const [, kind] = /^(results|runs|hashes|blobs|packs)\//.exec(key.slice(prefix.length)) ?? [];
  return (kind ?? 'other') as Kind;
}

function sum(objects: readonly FarObject[]): number {
  return objects.reduce((bytes, { size }) => bytes + size, 0);
}

/** Of a key, the part that names what it is: a fingerprint, an id, a digest. */
function nameOf(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1).replace(/\.(?:json|\d+)$/, '');
}

/** What may go, and the objects that it is, records first. */
export interface FarGoing {
  readonly garbage: FarGarbage;
  readonly keys: readonly string[];
  /** Runs that stay although what leads to them from their hash goes. */
  readonly pointers: readonly { readonly hash: string; readonly run: string }[];
}

/**
 * Looks for what is older than so many days and named by nothing that stays: runs, then results that no run names that stays, then contents.
 * Undefined where it could not be asked, so that what stays is not known.
 */
export async function findFarGarbage(shelf: Shelf, days: number, errand: Errand): Promise<FarGoing | undefined> {
  const objects = await shelf.objects(errand);
  if (objects === undefined) return undefined;
  const until = Date.now() - days * DAY;
  const all = new Map<Kind, FarObject[]>();
  for (const object of objects) all.set(kindOf(shelf, object.key), [...(all.get(kindOf(shelf, object.key)) ?? []), object]);
  const of = (kind: Kind): readonly FarObject[] => all.get(kind) ?? [];
  const isOld = ({ modified }: FarObject): boolean => modified < until;
  const runs = of('runs').filter(isOld);
  const staying = await recordsOf(
    shelf,
    'run',
    of('runs').filter((one) => !isOld(one)),
    errand,
  );
  if (staying === undefined) return undefined;
  const named = new Set(staying.flatMap(({ record }) => fingerprintsIn(record['run'])));
  const goes = (one: FarObject): boolean => isOld(one) && !named.has(nameOf(one.key));
  const results = of('results').filter(goes);
  const kept = await recordsOf(
    shelf,
    'result',
    of('results').filter((one) => !goes(one)),
    errand,
  );
  if (kept === undefined) return undefined;
  const held = new Set([...staying, ...kept].flatMap(({ packs, blobs }) => [...packs.map(({ digest }) => digest), ...blobs]));
  // Whoever sends puts contents first: those of the last day may be on their way.
  const isUnused = (one: FarObject): boolean => isOld(one) && one.modified < Date.now() - DAY && !held.has(nameOf(one.key));
  const contents = [...of('packs'), ...of('blobs'), ...of('other')].filter(isUnused);
  const hashes = of('hashes').filter(isOld);
  const goingHashes = new Set(hashes.map(({ key }) => nameOf(key)));
  const going = [...hashes, ...runs, ...results, ...contents];
  return {
    garbage: {
      prefix: shelf.prefix,
      runs: runs.map(({ key }) => nameOf(key)).sort(),
      results: results.length,
      contents: contents.length,
      bytes: sum(going),
      size: sum(objects),
    },
    keys: going.map(({ key }) => key),
    pointers: staying.flatMap(({ record: { run } }) => {
      const { id, hash } = isObject(run) ? run : {};
      return typeof id === 'string' && typeof hash === 'string' && goingHashes.has(hash) ? [{ hash, run: id }] : [];
    }),
  };
}

/** The records of objects; undefined where one could not be asked. One that is damaged names nothing. */
async function recordsOf(
  shelf: Shelf,
  kind: 'run' | 'result',
  objects: readonly FarObject[],
  errand: Errand,
): Promise<readonly FarRecord[] | undefined> {
  const records: FarRecord[] = [];
  const areRead = await forAll(objects, async ({ key }) => {
    const found = await shelf.record(kind, nameOf(key), errand);
    if (found === undefined) return false;
    if (typeof found === 'object') records.push(found);
    return true;
  });
  return areRead ? records : undefined;
}

function fingerprintsIn(run: unknown): readonly string[] {
  const nodes = isObject(run) && isObject(run['nodes']) ? Object.values(run['nodes']) : [];
  return nodes.flatMap((node) => (isObject(node) && typeof node['fingerprint'] === 'string' ? [node['fingerprint']] : []));
}

/** Removes objects in their order; false where that failed, so that what follows stays. */
export async function removeFar(shelf: Shelf, { keys, pointers }: FarGoing, errand: Errand): Promise<boolean> {
  for (let at = 0; at < keys.length; at += REMOVED_AT_ONCE)
    if (!(await shelf.remote.delete(keys.slice(at, at + REMOVED_AT_ONCE), errand))) return false;
  return forAll(pointers, async ({ hash, run }) => {
    const pointer = { record: { run }, packs: [], blobs: [] };
    return (await shelf.putRecord('hash', hash, pointer, errand)) !== undefined;
  });
}

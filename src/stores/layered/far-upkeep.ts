import { isObject } from '../../files/json.ts';
import type { FarGarbage, ShelfUsage } from '../../model/far.ts';
import type { FarObject } from '../../model/remote.ts';
import type { Errand } from '../../model/store.ts';
import { CLAIMED, Clearing } from './clearing.ts';
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

type Kind = 'results' | 'runs' | 'hashes' | 'blobs' | 'packs' | 'claims' | 'other';

function kindOf({ prefix }: Shelf, key: string): Kind {
  const [, kind] = /^(results|runs|hashes|blobs|packs|claims)\//.exec(key.slice(prefix.length)) ?? [];
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
interface FarGoing {
  readonly garbage: FarGarbage;
  readonly keys: readonly string[];
  /** Runs that stay although what leads to them from their hash goes. */
  readonly pointers: readonly { readonly hash: string; readonly run: string }[];
}

/** How a shelf is cleared. */
interface FarClearing {
  /** What is younger than so many days stays. */
  readonly days: number;
  /** Removes it; otherwise it is only said what would go. */
  readonly isRemoved: boolean;
  readonly errand: Errand;
}

/**
 * Removes from a shelf what is older than so many days and named by nothing that stays, also by those who send to it just now. Returns what
 * that is, or in words why it was not done; undefined where it could not be asked what stays, or not all could be removed.
 */
export async function clearShelf(shelf: Shelf, { days, isRemoved, errand }: FarClearing): Promise<FarGarbage | string | undefined> {
  const search: Search = { days, errand, read: new Map() };
  const found = await findGarbage(shelf, search);
  if (found === undefined || !isRemoved || found.keys.length === 0) return found?.garbage;
  const clearing = await Clearing.begin(shelf, errand);
  if (clearing === undefined || typeof clearing === 'string') return clearing;
  try {
    // Claims and records that came meanwhile; what was read before is not read again.
    const going = await findGarbage(shelf, search);
    return going !== undefined && (await remove(shelf, going, { clearing, errand })) ? going.garbage : undefined;
  } finally {
    await clearing.end(errand);
  }
}

/** How a shelf is looked through. */
interface Search {
  readonly days: number;
  readonly errand: Errand;
  /** Records that were read, by their keys and times. */
  readonly read: Map<string, FarRecord | string>;
}

/** Looks for runs, then results that no run names that stays, then contents. Undefined where it could not be asked. */
async function findGarbage(shelf: Shelf, search: Search): Promise<FarGoing | undefined> {
  const objects = await shelf.objects(search.errand);
  if (objects === undefined) return undefined;
  const until = Date.now() - search.days * DAY;
  const all = new Map<Kind, FarObject[]>();
  for (const object of objects) {
    const kind = kindOf(shelf, object.key);
    const others = all.get(kind);
    if (others === undefined) all.set(kind, [object]);
    else others.push(object);
  }
  const of = (kind: Kind): readonly FarObject[] => all.get(kind) ?? [];
  const isOld = ({ modified }: FarObject): boolean => modified < until;
  const isOlderThan = ({ modified }: FarObject, age: number): boolean => modified < Date.now() - age;
  const runs = of('runs').filter(isOld);
  const young = of('runs').filter((one) => !isOld(one));
  const staying = await recordsOf(shelf, { kind: 'run', objects: young }, search);
  if (staying === undefined) return undefined;
  const named = new Set(staying.flatMap(({ record }) => fingerprintsIn(record['run'])));
  const goes = (one: FarObject): boolean => isOld(one) && !named.has(nameOf(one.key));
  const results = of('results').filter(goes);
  const kept = await recordsOf(shelf, { kind: 'result', objects: of('results').filter((one) => !goes(one)) }, search);
  if (kept === undefined) return undefined;
  const claims = of('claims').filter((one) => isOlderThan(one, CLAIMED));
  const claimed = of('claims').filter((one) => !isOlderThan(one, CLAIMED));
  const held = new Set([...staying, ...kept].flatMap(({ packs, blobs }) => [...packs.map(({ digest }) => digest), ...blobs]));
  for (const { key } of claimed) held.add(nameOf(key));
  // Whoever sends puts contents first: those of the last day may be on their way.
  const isUnused = (one: FarObject): boolean => isOld(one) && isOlderThan(one, DAY) && !held.has(nameOf(one.key));
  const others = of('other').filter(({ key }) => key !== shelf.clearingKey);
  const contents = [...of('packs'), ...of('blobs'), ...others].filter(isUnused);
  const hashes = of('hashes').filter(isOld);
  const goingHashes = new Set(hashes.map(({ key }) => nameOf(key)));
  const going = [...hashes, ...runs, ...results, ...contents, ...claims];
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
  { kind, objects }: { readonly kind: 'run' | 'result'; readonly objects: readonly FarObject[] },
  { errand, read }: Search,
): Promise<readonly FarRecord[] | undefined> {
  const records: FarRecord[] = [];
  const areRead = await forAll(objects, async ({ key, modified }) => {
    const found = read.get(`${key} ${modified}`) ?? (await shelf.record(kind, nameOf(key), errand));
    if (found === undefined) return false;
    read.set(`${key} ${modified}`, found);
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
async function remove(
  shelf: Shelf,
  { keys, pointers }: FarGoing,
  { clearing, errand }: { readonly clearing: Clearing; readonly errand: Errand },
): Promise<boolean> {
  for (let at = 0; at < keys.length; at += REMOVED_AT_ONCE) {
    if (!(await clearing.holds(errand))) return false;
    if (!(await shelf.remote.delete(keys.slice(at, at + REMOVED_AT_ONCE), errand))) return false;
  }
  return forAll(pointers, async ({ hash, run }) => {
    const pointer = { record: { run }, packs: [], blobs: [] };
    return (await shelf.putRecord('hash', hash, pointer, errand)) !== undefined;
  });
}

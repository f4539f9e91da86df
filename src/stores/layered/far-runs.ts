import { isObject } from '../../files/json.ts';
import { isDigest, sha256 } from '../../model/canonical.ts';
import type { FarRun } from '../../model/far.ts';
import { fingerprintOf, workDigestOf } from '../../model/fingerprint.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Ingredients } from '../../model/result.ts';
import { isRunId } from '../../model/run.ts';
import type { Errand, Outputs, Payload, Store, WantedResult } from '../../model/store.ts';
import type { PackEntry } from '../../model/upkeep.ts';
import { isCount } from './envelope.ts';
import { Fetching } from './fetching.ts';
import type { Outgoing } from './outgoing.ts';
import type { Shelf } from './shelf.ts';

/** What a blob is called in a pack. */
const BLOB = /^blobs\/([0-9a-f]{2})\/([0-9a-f]{62})$/;

/** What a file of a run may be called. */
const ENTRY = /^(?:(?:bundles|sources)\/[0-9a-f]{64}\.json|blobs\/[0-9a-f]{2}\/[0-9a-f]{62})$/;

/** The shortest beginning of a hash that is looked for. */
const SHORTEST_HASH = 4;

/** A run that is sent. */
export interface SentRun {
  readonly id: string;
  readonly hash: string | undefined;
  /** As it travels. */
  readonly record: JsonObject;
  readonly entries: Iterable<PackEntry>;
}

/** Sends a run with all that it is made of, its record last. Returns whether it is there now. */
export async function sendRun({ shelf, sending }: Outgoing, { id, hash, record, entries }: SentRun, errand: Errand): Promise<boolean> {
  const contents = new Map<string, Payload>();
  const listed: Json[] = [];
  for (const entry of entries) {
    const [, first = '', rest = ''] = BLOB.exec(entry.name) ?? [];
    const note = first === '' ? await bytesOf(entry) : undefined;
    const digest = note === undefined ? first + rest : sha256(note);
    contents.set(digest, note === undefined ? entry : payloadOf(note));
    listed.push([entry.name, digest, entry.size]);
  }
  const where = await sending.send(contents, errand);
  if (where === undefined) return false;
  if ((await shelf.putRecord('run', id, { record: { run: record, entries: listed }, ...where }, errand)) === undefined) return false;
  if (hash === undefined) return true;
  const pointer = { record: { run: id }, packs: [], blobs: [] };
  return (await shelf.putRecord('hash', hash, pointer, errand)) !== undefined;
}

async function bytesOf(payload: Payload): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of payload.bytes()) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

function payloadOf(bytes: Uint8Array): Payload {
  return {
    size: bytes.length,
    async *bytes() {
      yield bytes;
    },
  };
}

/** A run that was found, and what brings its contents here. */
export interface FoundRun extends FarRun {
  readonly fetching: Fetching;
}

/** A run by its id, its hash or the beginning of either, or in words why it is not used; several ids where it could be several. */
export async function findFarRun(
  shelf: Shelf,
  word: string,
  { local, errand }: { readonly local: Store; readonly errand: Errand },
): Promise<FoundRun | string | readonly string[] | undefined> {
  const ids = await idsMeant(shelf, word, errand);
  const [id] = ids;
  if (id === undefined || ids.length > 1) return id === undefined ? undefined : ids;
  const found = await shelf.record('run', id, errand);
  if (found === undefined || typeof found === 'string') return found;
  const run = runIn(found.record, id);
  return run === undefined
    ? 'its record is not one of a run'
    : { ...run, fetching: new Fetching({ shelf, local, packs: found.packs, errand }) };
}

async function idsMeant(shelf: Shelf, word: string, errand: Errand): Promise<readonly string[]> {
  const isHash: boolean = isDigest(word);
  if (isHash) return pointed(await shelf.record('hash', word, errand));
  if (!isRunId(word)) return [];
  if (typeof (await shelf.remote.size(shelf.recordKey('run', word), errand)) === 'number') return [word];
  if (word.length < SHORTEST_HASH) return [];
  const byId = await shelf.names('run', word, errand);
  if (byId.length > 0) return byId;
  const hashes = /^[0-9a-f]+$/.test(word) ? await shelf.names('hash', word, errand) : [];
  return hashes.length > 1 ? hashes : hashes.length === 0 ? [] : pointed(await shelf.record('hash', hashes[0] ?? '', errand));
}

function pointed(found: Awaited<ReturnType<Shelf['record']>>): readonly string[] {
  const id = typeof found === 'object' ? found.record['run'] : undefined;
  return typeof id === 'string' && isRunId(id) ? [id] : [];
}

function runIn({ run, entries }: JsonObject, id: string): FarRun | undefined {
  if (!isObject(run) || run['id'] !== id || !Array.isArray(entries)) return undefined;
  const listed: { name: string; digest: string; size: number }[] = [];
  for (const entry of entries) {
    const [name, digest, size] = Array.isArray(entry) ? entry : [];
    if (typeof name !== 'string' || !ENTRY.test(name) || !isDigest(digest) || !isCount(size)) return undefined;
    if (name.startsWith('blobs/') && name !== `blobs/${digest.slice(0, 2)}/${digest.slice(2)}`) return undefined;
    listed.push({ name, digest, size });
  }
  return { id, record: JSON.stringify(run), entries: listed };
}

/** What a result of a remote is wanted as whose ingredients are known from there alone: they must be those of its fingerprint. */
export async function wantedThere(
  shelf: Shelf,
  { fingerprint, stage, outputs }: { readonly fingerprint: string; readonly stage: string; readonly outputs: Outputs },
  errand: Errand,
): Promise<WantedResult | undefined> {
  const found = await shelf.record('result', fingerprint, errand);
  const ingredients = typeof found === 'object' ? (found.record['ingredients'] as unknown as Ingredients) : undefined;
  try {
    if (ingredients === undefined || fingerprintOf(ingredients) !== fingerprint) return undefined;
    const { inputs: _inputs, ...own } = ingredients;
    const ports = Object.entries(outputs).map(([port, { kind, suffix }]) => [port, { kind, suffix }] as const);
    return { fingerprint, workDigest: workDigestOf(own), stage, ingredients, outputs: Object.fromEntries(ports), travels: true };
  } catch {
    // What is no ingredients at all has no fingerprint.
    return undefined;
  }
}

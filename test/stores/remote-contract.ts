import { expect, test } from 'vitest';
import { type FarPage, type Remote, TooLarge } from '../../src/model/remote.ts';
import type { Payload } from '../../src/model/store.ts';

/** Bytes that come in pieces of so many. */
export function payloadOf(bytes: Uint8Array, piece = 3): Payload {
  return {
    size: bytes.length,
    async *bytes() {
      for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
    },
  };
}

/** All bytes of a stream; undefined where there is none. */
export async function bytesOf(stream: AsyncIterable<Uint8Array> | undefined): Promise<Buffer | undefined> {
  if (stream === undefined) return undefined;
  const pieces: Uint8Array[] = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** All keys of a remote below a prefix. */
export async function keysOf(remote: Remote, prefix = ''): Promise<string[]> {
  const { signal } = new AbortController();
  const keys: string[] = [];
  let from: string | undefined;
  do {
    const page: FarPage = (await remote.list?.(prefix, from, signal)) ?? { objects: [], next: undefined };
    keys.push(...page.objects.map(({ key }) => key));
    from = page.next;
  } while (from !== undefined);
  return keys;
}

/** What every remote that can be written to must keep to; to be called inside a `describe`. `open` gives an empty remote. */
export function keepsTheContractOfRemotes(open: () => Promise<Remote>): void {
  const { signal } = new AbortController();
  const most = 1000;
  const poem = Buffer.from('a poem of some length');

  test('has nothing at first, and says so without throwing', async () => {
    const remote = await open();
    expect(await remote.size('ci/poem', signal)).toBeUndefined();
    expect(await remote.get('ci/poem', { most }, signal)).toBeUndefined();
    expect(await remote.get('ci/poem', { most, range: [1, 3] }, signal)).toBeUndefined();
    expect(await keysOf(remote, 'ci/')).toEqual([]);
  });

  test.each([
    ['of some length', poem],
    ['that is empty', Buffer.alloc(0)],
    ['of every byte', Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))],
  ])('gives back an object %s', async (_, bytes) => {
    const remote = await open();
    expect(await remote.put('ci/blobs/one', bytes, signal)).toBe(true);
    expect(await remote.size('ci/blobs/one', signal)).toBe(bytes.length);
    expect(Buffer.from((await remote.get('ci/blobs/one', { most }, signal)) ?? 'none')).toEqual(bytes);
    expect(await remote.size('ci/blobs/other', signal)).toBeUndefined();
  });

  test('gives a part of an object, and none that is larger than is wanted', async () => {
    const remote = await open();
    await remote.put('ci/poem', poem, signal);
    expect(String(Buffer.from((await remote.get('ci/poem', { most, range: [2, 6] }, signal)) ?? 'none'))).toBe('poem');
    expect(String(Buffer.from((await remote.get('ci/poem', { most, range: [15, 99] }, signal)) ?? 'none'))).toBe('length');
    expect(await remote.get('ci/poem', { most, range: [50, 60] }, signal)).toHaveLength(0);
    await expect(remote.get('ci/poem', { most: 5 }, signal)).rejects.toBeInstanceOf(TooLarge);
  });

  test('never overwrites an object, and says whether one was new', async () => {
    const remote = await open();
    expect(await remote.put('ci/record', Buffer.from('{"first":"ä"}'), signal)).toBe(true);
    expect(await remote.put('ci/record', Buffer.from('{"second":1}'), signal)).toBe(false);
    expect(String(Buffer.from((await remote.get('ci/record', { most }, signal)) ?? 'none'))).toBe('{"first":"ä"}');
  });

  test('of several objects of one key at once exactly one is new, and it stays', async () => {
    const remote = await open();
    const records = Array.from({ length: 8 }, (_, index) => JSON.stringify({ index }));
    const areNew = await Promise.all(records.map((record) => remote.put('ci/record', Buffer.from(record), signal)));
    expect(areNew.filter((isNew) => isNew)).toHaveLength(1);
    expect(String(Buffer.from((await remote.get('ci/record', { most }, signal)) ?? 'none'))).toBe(records[areNew.indexOf(true)]);
  });

  test('lists what begins with a prefix, with its size and time, and nothing else', async () => {
    const remote = await open();
    const before = Date.now() - 120_000;
    for (const key of ['ci/b', 'ci/a/2', 'ci/a/1', 'other/c']) await remote.put(key, poem, signal);
    expect(await keysOf(remote, 'ci/')).toEqual(['ci/a/1', 'ci/a/2', 'ci/b']);
    expect(await keysOf(remote, 'ci/a/2')).toEqual(['ci/a/2']);
    const [first] = (await remote.list?.('ci/b', undefined, signal))?.objects ?? [];
    expect(first).toMatchObject({ key: 'ci/b', size: poem.length });
    expect(first?.modified).toBeGreaterThan(before);
  });

  test('removes what is named, and nothing else, whether or not it is there', async () => {
    const remote = await open();
    for (const key of ['ci/a', 'ci/b']) await remote.put(key, poem, signal);
    await remote.delete(['ci/a', 'ci/none'], signal);
    expect(await keysOf(remote, 'ci/')).toEqual(['ci/b']);
    expect(await remote.put('ci/a', Buffer.from('again'), signal)).toBe(true);
  });
}

import { expect, test } from 'vitest';
import { sha256 } from '../../src/model/canonical.ts';
import type { Remote } from '../../src/model/remote.ts';
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

/** Bytes that break off. */
function torn(bytes: Uint8Array): Payload {
  return {
    size: bytes.length,
    async *bytes() {
      yield bytes.subarray(0, 1);
      throw new Error('the reader broke off');
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

/** What every remote must keep to; to be called inside a `describe`. `open` gives an empty remote. */
export function keepsTheContractOfRemotes(open: () => Promise<Remote>): void {
  const { signal } = new AbortController();
  const poem = Buffer.from('a poem of some length');
  const digest = sha256(poem);
  const fingerprint = sha256('some work');

  test('has nothing at first, and says so without throwing', async () => {
    const remote = await open();
    expect(await remote.has(digest, signal)).toBe(false);
    expect(await remote.get(digest, signal)).toBeUndefined();
    expect(await remote.getResult(fingerprint, signal)).toBeUndefined();
  });

  test.each([
    ['of some length', poem],
    ['that is empty', Buffer.alloc(0)],
    ['of every byte', Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))],
  ])('gives back content %s', async (_, bytes) => {
    const remote = await open();
    await remote.put(sha256(bytes), payloadOf(bytes), signal);
    expect(await remote.has(sha256(bytes), signal)).toBe(true);
    expect(await bytesOf(await remote.get(sha256(bytes), signal))).toEqual(bytes);
    expect(await remote.has(sha256('other content'), signal)).toBe(false);
  });

  test('takes the same content from several at once', async () => {
    const remote = await open();
    await Promise.all([1, 2, 5, 100].map((piece) => remote.put(digest, payloadOf(poem, piece), signal)));
    expect(await bytesOf(await remote.get(digest, signal))).toEqual(poem);
  });

  test('keeps nothing of content that breaks off, and takes it whole later', async () => {
    const remote = await open();
    await expect(remote.put(digest, torn(poem), signal)).rejects.toThrow();
    expect(await remote.has(digest, signal)).toBe(false);
    expect(await remote.get(digest, signal)).toBeUndefined();
    await remote.put(digest, payloadOf(poem), signal);
    expect(await bytesOf(await remote.get(digest, signal))).toEqual(poem);
  });

  test('replaces content that is put again, so that damage can be repaired', async () => {
    const remote = await open();
    await remote.put(digest, payloadOf(Buffer.from('damaged')), signal);
    await remote.put(digest, payloadOf(poem), signal);
    expect(await bytesOf(await remote.get(digest, signal))).toEqual(poem);
  });

  test('never overwrites a record, and says whether one was new', async () => {
    const remote = await open();
    expect(await remote.putResult(fingerprint, '{"first":"ä"}', signal)).toBe(true);
    expect(await remote.putResult(fingerprint, '{"second":1}', signal)).toBe(false);
    expect(await remote.getResult(fingerprint, signal)).toBe('{"first":"ä"}');
    expect(await remote.getResult(sha256('other work'), signal)).toBeUndefined();
  });

  test('of several records of one fingerprint at once exactly one is new, and it stays', async () => {
    const remote = await open();
    const records = Array.from({ length: 8 }, (_, index) => JSON.stringify({ index }));
    const areNew = await Promise.all(records.map((record) => remote.putResult(fingerprint, record, signal)));
    expect(areNew.filter((isNew) => isNew)).toHaveLength(1);
    expect(await remote.getResult(fingerprint, signal)).toBe(records[areNew.indexOf(true)]);
  });

  test('ends when its signal is aborted while content comes', async () => {
    const remote = await open();
    const stop = new AbortController();
    const endless: Payload = {
      size: Number.MAX_SAFE_INTEGER,
      async *bytes() {
        for (;;) {
          yield poem;
          stop.abort(new Error('stopped'));
          await new Promise(setImmediate);
        }
      },
    };
    await expect(remote.put(digest, endless, stop.signal)).rejects.toThrow();
    expect(await remote.has(digest, signal)).toBe(false);
  });
}

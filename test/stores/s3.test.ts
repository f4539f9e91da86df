import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../../src/model/canonical.ts';
import { RemoteRefusal } from '../../src/model/remote.ts';
import { RESULT_FORMAT } from '../../src/model/result.ts';
import type { WantedResult } from '../../src/model/store.ts';
import { emptyFolder, write } from '../folders.ts';
import { type FaultyProxy, startFaultyProxy } from './faulty-proxy.ts';
import { type Open, openWith, wanted } from './far.ts';
import { keepsTheContractOfRemotes, keysOf } from './remote-contract.ts';
import { bucket, CREDENTIALS, noS3, type S3Server, startS3 } from './s3-server.ts';

if (noS3 !== undefined) console.log(`S3 is not tried against a real server: ${noS3}`);

describe.skipIf(noS3 !== undefined)('a bucket of a real S3 server', () => {
  const { signal } = new AbortController();
  let server: S3Server;
  let proxy: FaultyProxy;
  let next = 0;
  /** An empty remote: a prefix of its own in the bucket. */
  const empty = () => {
    next += 1;
    return bucket(server.endpoint, { prefix: `test-${next}` });
  };

  beforeAll(async () => {
    Object.assign(process.env, CREDENTIALS);
    server = await startS3(emptyFolder());
    proxy = await startFaultyProxy(server.port, 7);
  });

  afterAll(async () => {
    await proxy.close();
    server.stop();
    for (const name of Object.keys(CREDENTIALS)) delete process.env[name];
  });

  keepsTheContractOfRemotes(async () => empty());

  test('lists more than a page, and removes a page at once', async () => {
    const remote = empty();
    const keys = Array.from({ length: 1003 }, (_, index) => `ci/${String(index).padStart(4, '0')}`);
    write(join(server.folder, `test-${next}`), Object.fromEntries(keys.map((key) => [key, key])));
    expect(await keysOf(remote, 'ci/')).toEqual(keys);
    await remote.delete(keys.slice(0, 1000), signal);
    expect(await keysOf(remote, 'ci/')).toEqual(keys.slice(1000));
  });

  test('keeps to If-None-Match, and says so of a server that does not, which is then looked at before anything is put', async () => {
    expect(await empty().flaw?.(signal)).toBeUndefined();
    proxy.swallowed.add(412);
    try {
      const remote = bucket(proxy.endpoint, { prefix: 'careless' });
      expect(await remote.flaw?.(signal)).toContain('does not keep to If-None-Match');
      expect(await remote.put('ci/a', Buffer.from('first'), signal)).toBe(true);
      expect(await remote.put('ci/a', Buffer.from('second'), signal)).toBe(false);
      expect(String(await remote.get('ci/a', { most: 9 }, signal))).toBe('first');
      const { told } = await share(openWith([remote]), 1);
      expect(told).toEqual([expect.stringContaining('the remote team does not keep to If-None-Match')]);
    } finally {
      proxy.swallowed.clear();
    }
  });

  test.each<[string, () => Promise<unknown>, string]>([
    ['a bucket that is not there', () => bucket(server.endpoint, { bucket: 'none' }).get('ci/a', { most: 1 }, signal), 'make the bucket'],
    [
      'credentials that are not those of the server',
      async () => {
        process.env['AWS_SECRET_ACCESS_KEY'] = 'another-secret';
        try {
          return await bucket(server.endpoint).get('ci/a', { most: 1 }, signal);
        } finally {
          Object.assign(process.env, CREDENTIALS);
        }
      },
      'not those of this server',
    ],
  ])('refuses %s, with a hint and no secret', async (_, ask, hint) => {
    const error = await ask().catch((refusal: unknown) => refusal);
    expect(error).toBeInstanceOf(RemoteRefusal);
    expect((error as RemoteRefusal).hint).toContain(hint);
    expect(JSON.stringify([(error as Error).message, hint])).not.toMatch(/secret|tester/);
  });

  test('that answers three of ten questions with a fault: of a thousand objects none is wrong, and no question is asked more than five times', async () => {
    const remote = () => bucket(proxy.endpoint, { prefix: 'faults' });
    const from = openWith([remote()]);
    proxy.spoil(0.3);
    try {
      const { works } = await share(from, 500);
      expect(proxy.spoiled.size).toBe(6);
      // One whose answer was lost, so that it seems to be another's, is put once more. Whether the shelf is being cleared is asked for each.
      const asked = [...proxy.asked].filter(([question]) => !question.includes('/clearing.json'));
      expect(Math.max(...asked.map(([, times]) => times))).toBeLessThanOrEqual(2 * 5);
      // What did not arrive is sent by the next one with the same store.
      const later = openWith([remote()], {}, from.store);
      await later.store.results.shared(later.errand);
      const reader = openWith([remote()]);
      const found = await Promise.all(works.map(({ own }) => reader.store.results.find(own, reader.errand)));
      for (const [index, one] of found.entries()) {
        const digest = one?.attempt.outputs['card']?.digest;
        if (digest !== undefined)
          expect([digest, reader.store.artifacts.read(digest)]).toEqual([works[index]?.digest, works[index]?.bytes]);
      }
      // Five tries fail one time in four hundred.
      expect(found.filter((one) => one !== undefined).length).toBeGreaterThan(480);
    } finally {
      proxy.spoil(0);
    }
    const last = openWith([remote()], {}, from.store);
    await last.store.results.shared(last.errand);
    expect(last.notices).toEqual([]);
    const keys = await keysOf(bucket(server.endpoint, { prefix: 'faults' }), 'ci/');
    expect(keys.filter((key) => !key.startsWith('ci/claims/'))).toHaveLength(1000);
  }, 60_000);
});

/** A result of one small file, as it is looked for, and what it holds. */
interface Work {
  readonly own: WantedResult;
  readonly digest: string;
  readonly bytes: Buffer;
}

/** Keeps results of a file each, and shares them; returns what was told of it. */
async function share(
  { store, errand, notices }: Open,
  count: number,
): Promise<{ readonly works: readonly Work[]; readonly told: readonly string[] }> {
  const works = Array.from({ length: count }, (_, index): Work => {
    const bytes = Buffer.from(`the card of ${index} ${sha256(String(index))}`);
    return {
      own: { ...wanted, fingerprint: sha256(`work ${index}`), outputs: { card: { kind: 'file', suffix: '' } } },
      digest: store.artifacts.add(bytes),
      bytes,
    };
  });
  await Promise.all(
    works.map(({ own, digest, bytes }) => {
      const card = { kind: 'file', digest, size: bytes.length, suffix: '' } as const;
      const attempt = { outputs: { card }, metrics: {}, run: 'run-1', node: 'card', seconds: 1, facts: {} };
      const { fingerprint, stage, ingredients, workDigest } = own;
      return store.results.keep({ format: RESULT_FORMAT, fingerprint, stage, ingredients, attempts: [attempt] }, workDigest);
    }),
  );
  for (const { own } of works) store.results.share(own, errand);
  await store.results.shared(errand);
  return { works, told: notices };
}

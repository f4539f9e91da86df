import { createReadStream, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RemoteRefusal } from '../../src/model/remote.ts';
import { openRemote as openFolder } from '../../src/stores/remotes/folder/remote.ts';
import { openRemote } from '../../src/stores/remotes/http/remote.ts';
import { MemoryRemote } from '../../src/stores/remotes/memory/remote.ts';
import { emptyFolder, write } from '../folders.ts';
import { filled, openWith, wanted } from './far.ts';

describe('a remote that a web server shows', () => {
  const folder = emptyFolder();
  const { signal } = new AbortController();
  let server: Server;
  let knowsRanges = true;

  beforeAll(async () => {
    const shelf = openFolder({ name: 'shelf', trust: ['shelf/'], write: 'shelf/', settings: { path: folder }, root: '/', environment: {} });
    await filled(Object.assign(new MemoryRemote('shelf'), { put: shelf.put.bind(shelf) }));
    write(folder, { 'shelf/poem': 'a poem of some length', 'shelf/a b': 'spaced' });
    server = createServer((question, answer) => {
      if (question.url?.startsWith('/secret/') === true && question.headers.authorization !== 'Bearer open sesame')
        return void answer.writeHead(401).end();
      const path = join(folder, decodeURIComponent((question.url ?? '').replace('/secret', '')));
      const size = statSync(path, { throwIfNoEntry: false })?.size;
      if (size === undefined) return void answer.writeHead(404).end();
      const [, from, to] = (knowsRanges ? /^bytes=(\d+)-(\d+)$/.exec(question.headers.range ?? '') : undefined) ?? [];
      const range = from === undefined ? {} : { start: Number(from), end: Math.min(Number(to), size - 1) };
      answer.writeHead(from === undefined ? 200 : 206, from === undefined ? { 'Content-Length': size } : {});
      if (question.method === 'HEAD') answer.end();
      else createReadStream(path, range).pipe(answer);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const open = (path = '', settings: Readonly<Record<string, unknown>> = {}) =>
    openRemote({
      name: 'public',
      trust: ['shelf/'],
      write: undefined,
      settings: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, ...settings },
      root: '/',
      environment: { TOKEN: 'open sesame' },
    });

  test('gives what is there, whole and in parts, whether or not the server knows parts', async () => {
    for (knowsRanges of [true, false]) {
      const remote = open();
      const text = async (range?: readonly [number, number]) =>
        String(Buffer.from((await remote.get('shelf/poem', { most: 100, range }, signal)) ?? 'none'));
      expect([await text(), await text([2, 6]), await text([15, 21])]).toEqual(['a poem of some length', 'poem', 'length']);
      expect(await remote.size('shelf/poem', signal)).toBe(21);
      expect([await remote.size('shelf/none', signal), await remote.get('shelf/none', { most: 1 }, signal)]).toEqual([
        undefined,
        undefined,
      ]);
      expect(String(Buffer.from((await remote.get('shelf/a b', { most: 9 }, signal)) ?? 'none'))).toBe('spaced');
      await expect(remote.get('shelf/poem', { most: 5 }, signal)).rejects.toThrow('larger than 5 bytes');
    }
  });

  test('gives results', async () => {
    const reader = openWith([open()]);
    expect(await reader.store.results.find(wanted, reader.errand)).toMatchObject({ remote: 'public' });
    reader.store.results.share(wanted, reader.errand);
    await reader.store.results.shared(reader.errand);
    expect(reader.notices).toEqual([]);
  });

  test('is given a token where one is named, and says what to do where it is missing', async () => {
    const most = 100;
    expect(await open('/secret', { token: 'TOKEN' }).get('shelf/poem', { most }, signal)).toBeDefined();
    const refused = await open('/secret', { token: 'NONE' })
      .get('shelf/poem', { most }, signal)
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(RemoteRefusal);
    expect((refused as RemoteRefusal).hint).toContain('token');
  });

  test('is only read', async () => {
    const remote = open();
    const questions = [() => remote.put('shelf/a', Buffer.from('a'), signal), () => remote.delete(['shelf/a'], signal)];
    for (const ask of questions) await expect(ask()).rejects.toBeInstanceOf(RemoteRefusal);
    expect(remote.list).toBeUndefined();
  });
});

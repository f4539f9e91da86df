import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { Artifact } from '../../src/model/artifact.ts';
import { sha256 } from '../../src/model/canonical.ts';
import type { Outcome } from '../../src/model/problem.ts';
import type { Attempt, Ingredients } from '../../src/model/result.ts';
import type { Store } from '../../src/model/store.ts';
import { localStore, openLocalStore } from '../../src/stores/local/store.ts';
import { emptyFolder, write } from '../rig.ts';

vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>();
  return { ...real, statfsSync: vi.fn(real.statfsSync) };
});

function value<Value>(outcome: Outcome<Value>): Value {
  if (!outcome.ok) throw new Error(outcome.problems[0]?.message);
  return outcome.value;
}

function open(): { store: Store; folder: string } {
  const folder = emptyFolder();
  return { store: value(openLocalStore(join(folder, 'artifacts'))), folder };
}

function blobOf(store: Store, digest: string): string {
  return join(store.location, 'blobs', digest.slice(0, 2), digest.slice(2));
}

/** Takes files into the store as the output `model` of a folder. */
function collect(store: Store, files: Readonly<Record<string, string>>): Outcome<Artifact> {
  const folder = join(emptyFolder(), 'model');
  mkdirSync(folder);
  write(folder, files);
  return store.artifacts.collect(folder, 'dir', '');
}

/** Changes a file's bytes, keeping its size and times, as a bad disk does. */
function damage(path: string): void {
  const { atime, mtime } = lstatSync(path);
  const bytes = readFileSync(path);
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  chmodSync(path, 0o644);
  writeFileSync(path, bytes);
  utimesSync(path, atime, mtime);
}

describe('blobs', () => {
  test('are read-only and named by the SHA-256 of their content', () => {
    const { store } = open();
    const digest = store.artifacts.add(Buffer.from('a poem'));
    expect(digest).toBe(sha256('a poem'));
    expect(readFileSync(blobOf(store, digest), 'utf8')).toBe('a poem');
    expect(lstatSync(blobOf(store, digest)).mode & 0o222).toBe(0);
    const folder = value(collect(store, { 'a.txt': 'a poem', 'below/b.txt': 'another' }));
    expect(lstatSync(blobOf(store, sha256('another'))).mode & 0o222).toBe(0);
    expect(folder.size).toBe('a poemanother'.length);
  });

  test('are handed out as files of their own: writing there changes nothing in the store', () => {
    const { store, folder } = open();
    const artifact = value(collect(store, { 'a.txt': 'a poem' }));
    store.artifacts.place(artifact, join(folder, 'in'));
    const stamp = store.artifacts.stamp(join(folder, 'in'));
    expect(lstatSync(join(folder, 'in/a.txt')).mode & 0o222).toBe(0);
    chmodSync(join(folder, 'in/a.txt'), 0o644);
    writeFileSync(join(folder, 'in/a.txt'), 'another');
    expect(store.artifacts.stamp(join(folder, 'in'))).not.toBe(stamp);
    expect(store.artifacts.broken({ model: artifact })).toEqual([]);
    expect(readFileSync(blobOf(store, sha256('a poem')), 'utf8')).toBe('a poem');
  });

  test('that are damaged go to quarantine, and their ports are broken; the same bytes heal them', () => {
    const { store } = open();
    const artifact = value(collect(store, { 'a.txt': 'a poem' }));
    damage(blobOf(store, sha256('a poem')));
    store.flush();
    const later = localStore(store.location);
    expect(later.artifacts.broken({ model: artifact })).toEqual([{ port: 'model', damage: 'damaged' }]);
    expect(existsSync(blobOf(store, sha256('a poem')))).toBe(false);
    expect(readdirSync(join(store.location, 'quarantine'))).toHaveLength(1);
    expect(localStore(store.location).artifacts.broken({ model: artifact })).toEqual([{ port: 'model', damage: 'missing' }]);
    const healing = localStore(store.location);
    expect(value(collect(healing, { 'a.txt': 'a poem' }))).toEqual(artifact);
    expect(healing.artifacts.broken({ model: artifact })).toEqual([]);
  });
});

describe('a folder as an artifact', () => {
  test('has one digest whatever the umask, the times and the order of writing', () => {
    const { store } = open();
    const make = (umask: string, names: readonly string[]): Artifact => {
      const folder = join(emptyFolder(), 'model');
      const script = names.map((name) => `mkdir -p "$(dirname ${name})"; echo ${name} > ${name}`).join('; ');
      execFileSync('bash', ['-c', `umask ${umask}; mkdir ${folder}; cd ${folder}; ${script}; chmod u+x run.sh`]);
      return value(store.artifacts.collect(folder, 'dir', ''));
    };
    const names = ['b.txt', 'a/z.txt', 'run.sh', 'ä.txt'];
    expect(make('077', names)).toEqual(make('000', names.toReversed()));
  });

  test('differs where a path, a byte or the executable bit does', () => {
    const { store } = open();
    const plain = value(collect(store, { 'a.txt': 'a' }));
    expect(value(collect(store, { 'b.txt': 'a' })).digest).not.toBe(plain.digest);
    expect(value(collect(store, { 'a.txt': 'b' })).digest).not.toBe(plain.digest);
    const folder = join(emptyFolder(), 'model');
    write(folder, { 'a.txt': 'a' });
    chmodSync(join(folder, 'a.txt'), 0o755);
    const executable = value(store.artifacts.collect(folder, 'dir', ''));
    expect(executable.digest).not.toBe(plain.digest);
    store.artifacts.place(executable, join(folder, 'placed'));
    expect(lstatSync(join(folder, 'placed/a.txt')).mode & 0o777).toBe(0o555);
  });

  const refuse = async (message: string, make: (folder: string) => unknown): Promise<void> => {
    const { store } = open();
    const folder = join(emptyFolder(), 'model');
    mkdirSync(join(folder, 'below'), { recursive: true });
    write(folder, { 'a.txt': 'a' });
    await make(folder);
    const collected = store.artifacts.collect(folder, 'dir', '');
    expect(collected.ok).toBe(false);
    expect(collected.ok ? [] : collected.problems).toMatchObject([{ code: 'refused-file', hint: expect.any(String) }]);
    expect(collected.ok ? '' : collected.problems[0]?.message).toContain(message);
    const read = store.sources.snapshot({ name: 'images', path: folder });
    expect(read.ok ? [] : read.problems).toMatchObject([{ kind: 'pipeline', code: 'refused-file' }]);
    expect(read.ok ? '' : read.problems[0]?.message).toContain('the source "images"');
  };

  test('is refused with a link that leaves it', () =>
    refuse('leaves the folder', (folder) => symlinkSync('../../secret', join(folder, 'below/link'))));
  test('is refused with an absolute link elsewhere', () =>
    refuse('leaves the folder', (folder) => symlinkSync('/etc/passwd', join(folder, 'link'))));
  test('is refused with a link through a link that leaves it', () =>
    refuse('', (folder) => {
      symlinkSync('/etc', join(folder, 'below/etc'));
      symlinkSync('below/etc/passwd', join(folder, 'link'));
    }));
  test('is refused with a link to nothing', () => refuse('link to nothing', (folder) => symlinkSync('nowhere', join(folder, 'link'))));
  test('is refused with a link to itself', () => refuse('', (folder) => symlinkSync('link', join(folder, 'link'))));
  test('is refused with a name that is not UTF-8', () =>
    refuse('not valid UTF-8', (folder) => writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0x61, 0xff])]), 'x')));
  test('is refused with a named pipe', () =>
    refuse('neither a file nor a folder', (folder) => execFileSync('bash', ['-c', `mkfifo ${folder}/pipe`])));
  test('is no source if it is a named pipe itself, which nobody may ever write', () => {
    const { store, folder } = open();
    execFileSync('bash', ['-c', `mkfifo ${folder}/pipe`]);
    const read = store.sources.snapshot({ name: 'images', path: join(folder, 'pipe') });
    expect(read.ok ? [] : read.problems).toMatchObject([{ code: 'refused-file' }]);
  });
  test('is refused with a socket', async () => {
    const server = createServer();
    await refuse(
      'neither a file nor a folder',
      (folder) => new Promise<void>((resolve) => server.listen(join(folder, 'socket'), () => resolve())),
    );
    server.close();
  });

  test('takes a link that stays inside as the file it leads to', () => {
    const { store, folder } = open();
    const made = join(emptyFolder(), 'model');
    write(made, { 'a.txt': 'a poem' });
    symlinkSync('a.txt', join(made, 'link.txt'));
    symlinkSync('a.txt', join(made, '0.txt'));
    store.artifacts.place(value(store.artifacts.collect(made, 'dir', '')), join(folder, 'in'));
    expect(lstatSync(join(folder, 'in/link.txt')).isFile()).toBe(true);
    expect(readFileSync(join(folder, 'in/link.txt'), 'utf8')).toBe('a poem');
    expect(lstatSync(join(folder, 'in/0.txt')).isFile()).toBe(true);
    expect(readFileSync(join(folder, 'in/a.txt'), 'utf8')).toBe('a poem');
  });
});

describe('results', () => {
  const fingerprint = sha256('some work');
  const attempt = (artifact: Artifact, run: string): Attempt => ({
    outputs: { model: artifact },
    metrics: {},
    run,
    node: 'student',
    seconds: 1,
    facts: {},
  });
  const keep = (store: Store, artifact: Artifact, run: string): void =>
    store.results.keep(
      { format: 1, fingerprint, stage: 'train', ingredients: {} as Ingredients, attempts: [attempt(artifact, run)] },
      sha256('work'),
    );

  test('keep attempts with other bytes behind the newest, and one with the same bytes once', () => {
    const { store } = open();
    const [a, b] = ['a', 'b'].map((text) => value(collect(store, { 'a.txt': text })));
    if (a === undefined || b === undefined) throw new Error('nothing collected');
    keep(store, a, 'run-1');
    keep(store, b, 'run-2');
    keep(store, b, 'run-3');
    expect(store.results.read(fingerprint)?.attempts.map(({ run, outputs }) => [run, outputs['model']?.digest])).toEqual([
      ['run-3', b.digest],
      ['run-1', a.digest],
    ]);
    expect(store.results.ofWork(sha256('work')).map((result) => result.fingerprint)).toEqual([fingerprint]);
  });

  test('are checked by verify, which names the node of what is damaged or missing', async () => {
    const { store } = open();
    const artifact = value(collect(store, { 'a.txt': 'a poem', 'b.txt': 'another', 'c.txt': 'a third' }));
    keep(store, artifact, 'run-1');
    expect(await store.maintenance.verify()).toEqual({ checked: 4, damaged: [] });
    damage(blobOf(store, sha256('a poem')));
    rmSync(blobOf(store, sha256('another')));
    const { checked, damaged } = await store.maintenance.verify();
    expect(checked).toBe(4);
    const byDigest = (one: { digest: string }, other: { digest: string }): number => (one.digest < other.digest ? -1 : 1);
    expect(damaged.toSorted(byDigest)).toEqual(
      [
        { digest: sha256('a poem'), node: 'student' },
        { digest: sha256('another'), node: 'student' },
      ].sort(byDigest),
    );
  });

  test.each(['blobs', 'result'])('survive a half-written file of a crash among the %s', async (where) => {
    const { store } = open();
    const artifact = value(collect(store, { 'a.txt': 'a poem' }));
    keep(store, artifact, 'run-1');
    const file = where === 'blobs' ? blobOf(store, sha256('half')) : join(store.location, 'results', 'f.json');
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(`${file}.0123456789ab.part`, 'ha');
    const later = localStore(store.location);
    expect(later.results.read(fingerprint)?.attempts).toHaveLength(1);
    expect((await later.maintenance.verify()).damaged).toEqual([]);
  });
});

describe('the folder in which users find outputs', () => {
  test('is swapped as one, keeps nodes that were not asked for, and heals what was changed there', () => {
    const { store } = open();
    const file = (text: string): Artifact => {
      const path = join(emptyFolder(), 'out.txt');
      writeFileSync(path, text);
      return value(store.artifacts.collect(path, 'file', '.txt'));
    };
    const folder = value(collect(store, { 'a.txt': 'a poem' }));
    const first = store.published.outputs(
      'demo',
      new Map([
        ['teacher[fold=0]', new Map([['model', folder]])],
        ['card', new Map([['card', file('1')]])],
      ]),
    );
    expect([...first.keys()]).toEqual(['teacher[fold=0].model', 'card.card']);
    expect(first.get('card.card')).toBe(join(store.location, 'latest/demo/card/card.txt'));
    expect(readFileSync(join(first.get('teacher[fold=0].model') ?? '', 'a.txt'), 'utf8')).toBe('a poem');
    const second = store.published.outputs('demo', new Map([['card', new Map([['card', file('2')]])]]));
    expect(readFileSync(second.get('card.card') ?? '', 'utf8')).toBe('2');
    expect(readFileSync(join(first.get('teacher[fold=0].model') ?? '', 'a.txt'), 'utf8')).toBe('a poem');
    chmodSync(second.get('card.card') ?? '', 0o644);
    writeFileSync(second.get('card.card') ?? '', 'changed by hand');
    store.published.outputs('demo', new Map([['card', new Map([['card', file('2')]])]]));
    expect(readFileSync(second.get('card.card') ?? '', 'utf8')).toBe('2');
    expect(readdirSync(join(store.location, 'latest')).filter((name) => name.startsWith('.demo'))).toHaveLength(2);
  });
});

describe('locks', () => {
  test('on a piece of work exclude each other, and a stop ends the waiting', async () => {
    const { store } = open();
    const never = new AbortController();
    const first = await store.workplaces.claim('work', never.signal, () => undefined);
    let waits = 0;
    const second = store.workplaces.claim('work', never.signal, () => {
      waits += 1;
    });
    const stopped = new AbortController();
    const third = store.workplaces.claim('work', stopped.signal, () => stopped.abort());
    expect(await third).toBeUndefined();
    first?.release();
    expect(await second).toBeDefined();
    expect(waits).toBe(1);
    (await second)?.release();
  });

  test('tell whoever claims the work what is left of it, and wait for those who inherited them', async () => {
    const { store } = open();
    const never = new AbortController().signal;
    const first = await store.workplaces.claim('work', never, () => undefined);
    const lock = await first?.lock(never);
    const place = store.workplaces.make('work');
    expect(first?.remains).toEqual([]);
    first?.release();
    const second = await store.workplaces.claim('work', never, () => undefined);
    expect(second?.remains.map(({ id, folder }) => ({ id, folder }))).toEqual([{ id: place.id, folder: place.folder }]);
    expect(await second?.lock(AbortSignal.timeout(20))).toBeUndefined();
    lock?.release();
    expect(await second?.lock(never)).toBeDefined();
    second?.remains[0]?.remove();
    expect(existsSync(place.folder)).toBe(false);
  });

  test('that a file system does not hold, or cannot be trusted with, refuse the store with a hint', () => {
    const real = statfsSync(emptyFolder());
    vi.mocked(statfsSync).mockReturnValueOnce({ ...real, type: 0x6969 } as ReturnType<typeof statfsSync>);
    const refused = openLocalStore(join(emptyFolder(), 'artifacts'));
    expect(refused.ok ? [] : refused.problems).toMatchObject([
      { kind: 'store', code: 'store-without-locks', message: expect.stringContaining('NFS'), hint: expect.stringContaining('--store') },
    ]);
  });

  test('are of no use in a place that cannot be written: the store is refused with a hint', () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, 'artifacts'), 'a file');
    const refused = openLocalStore(join(folder, 'artifacts/store'));
    expect(refused.ok ? [] : refused.problems).toMatchObject([{ code: 'store-unwritable', hint: expect.stringContaining('--store') }]);
  });

  test('of a live run tell it from one whose process is gone', () => {
    const { store } = open();
    const record = { format: 1, state: 'live' as const, pipeline: 'demo', file: 'demo.yaml', started: '2026-01-01T00:00:00Z' };
    const rest = { params: {}, set: [], sources: {}, nodes: {}, facts: {} };
    const lock = store.runs.start('run-1');
    store.runs.write({ ...record, ...rest, id: 'run-1' });
    expect(store.runs.read('run-1')?.state).toBe('live');
    lock.release();
    expect(store.runs.read('run-1')?.state).toBe('failed');
    expect(store.runs.read('../run-1')).toBeUndefined();
  });
});

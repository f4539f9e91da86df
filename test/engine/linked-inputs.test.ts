import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { findChange, type Given } from '../../src/engine/workspace.ts';
import { tellsOfChanges } from '../../src/files/change-times.ts';
import * as hashing from '../../src/files/copy-hashed.ts';
import type { Artifact } from '../../src/model/artifact.ts';
import { openLocalStore } from '../../src/stores/local/store.ts';
import type { Store } from '../../src/model/store.ts';
import { sharesBlocks, write } from '../folders.ts';

vi.mock('../../src/files/copy-hashed.ts', { spy: true });

/** So large that it is given as a link. */
const SIZE = 65 * 1024 * 1024;

/** The disk of the tests, and one that keeps files in memory, unless files are given there by sharing blocks. */
const disks = [tmpdir(), '/dev/shm'].filter((folder) => existsSync(folder) && !sharesBlocks(folder));

/** Maps a file for writing, writes one byte of it, and another one whenever it is told to. */
const MAPPED = `import mmap, sys
with open(sys.argv[1], 'r+b') as file, mmap.mmap(file.fileno(), 0) as mapped:
    for byte in sys.stdin:
        mapped[4096] = int(byte)
        print('written', flush=True)`;

/** What writes into a file, each as a program that has ended when its words have. */
const doors: Readonly<Record<string, (file: string) => readonly string[]>> = {
  'that are written': (file) => ['dd', 'if=/dev/urandom', `of=${file}`, 'bs=4096', 'seek=7', 'count=1', 'conv=notrunc'],
  'that are stored through a mapping': (file) => ['sh', '-c', `echo 7 | python3 -c "${MAPPED}" ${file}`],
  'that are written, and the time of writing put back': (file) => [
    'sh',
    '-c',
    `touch -r ${file} ${file}.time; printf x | dd of=${file} bs=1 seek=99 conv=notrunc; touch -r ${file}.time ${file}; rm ${file}.time`,
  ],
  'that are cut off': (file) => ['truncate', '-s', '-1', file],
  'that are punched into it, its length kept': (file) => [
    'sh',
    '-c',
    `printf x | dd of=${file} bs=1 seek=8192 conv=notrunc; fallocate -p -o 0 -l 4096 ${file}`,
  ],
  'that are direct': (file) => ['dd', 'if=/dev/urandom', `of=${file}`, 'bs=4096', 'seek=1', 'count=1', 'conv=notrunc', 'oflag=direct'],
};

/** Lets programs write into a file: root may, and for anyone else that alone is seen. */
function open(path: string): void {
  if (process.getuid?.() !== 0) chmodSync(path, 0o644);
}

describe.each(disks)('an input that is a link to a large file of the store (%s)', (disk) => {
  let folder: string;
  let store: Store;
  let artifact: Artifact;

  beforeEach(() => {
    folder = mkdtempSync(join(disk, 'stillroom-test-'));
    const opened = openLocalStore(join(folder, 'artifacts'));
    if (!opened.ok) throw new Error(opened.problems[0]?.message);
    store = opened.value;
    write(folder, { 'out/large': 'a poem' });
    truncateSync(join(folder, 'out/large'), SIZE);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function collect(kind: 'file' | 'dir'): void {
    const made = store.artifacts.collect(join(folder, kind === 'file' ? 'out/large' : 'out'), kind, '');
    if (!made.ok) throw new Error(made.problems[0]?.message);
    artifact = made.value;
  }

  /** Gives the artifact to a node. */
  function given(name: string): Given {
    const path = join(folder, name);
    return { port: 'data', path, stamp: store.artifacts.place(artifact, path) ?? 'lost', content: artifact };
  }

  /** Where the file lies in what was given. */
  const fileOf = ({ path }: Given): string => (artifact.kind === 'file' ? path : join(path, 'large'));

  test.each(['file', 'dir'] as const)('is not read again where the disk tells of changes (%s)', (kind) => {
    collect(kind);
    const one = given('one');
    const isRead = lstatSync(fileOf(one)).nlink > 1 && !tellsOfChanges(folder);
    vi.mocked(hashing.hashSized).mockClear();
    expect(findChange([one], 'a', store)).toMatchObject({ ok: true });
    expect(vi.mocked(hashing.hashSized)).toHaveBeenCalledTimes(isRead ? 1 : 0);
  });

  test.each(Object.keys(doors))('has changed with bytes %s', (door) => {
    collect('file');
    const one = given('one');
    open(one.path);
    const [program = '', ...words] = doors[door]?.(one.path) ?? [];
    try {
      execFileSync(program, words, { stdio: 'ignore' });
    } catch {
      // Not every file system has every door.
      return;
    }
    expect(findChange([one], 'a', store)).toMatchObject({ ok: false, problems: [{ code: 'input-changed' }] });
  });

  test('is read once where the disk tells of changes: not for several nodes at once, nor once some have ended, nor to be published', () => {
    collect('file');
    const isRead = lstatSync(given('first').path).nlink > 1 && !tellsOfChanges(folder);
    vi.mocked(hashing.hashSized).mockClear();
    const place = store.workplaces.make('a'.repeat(64));
    const nodes = [given('one'), given('two'), given(join('artifacts/scratch', place.id, 'work/three'))];
    for (const node of nodes) expect(findChange([node], 'a', store)).toMatchObject({ ok: true });
    place.giveOn();
    const small: Artifact = { kind: 'file', digest: store.artifacts.add(Buffer.from('small')), size: 5, suffix: '' };
    const ofPort = (port: string) =>
      new Map<string, Artifact>([
        ['out', artifact],
        [port, small],
      ]);
    for (const port of ['p', 'q']) expect(store.published.outputs('demo', new Map([['a', ofPort(port)]])).lost).toEqual([]);
    expect(findChange(nodes.slice(0, 2), 'a', store)).toMatchObject({ ok: true });
    store.flush();
    const later = openLocalStore(join(folder, 'artifacts'));
    expect(later.ok && later.value.artifacts.broken({ out: artifact })).toEqual([]);
    expect(vi.mocked(hashing.hashSized).mock.calls.length > 0).toBe(isRead);
  });

  test('holds what it held where its bytes were written anew, or another node was given it', () => {
    collect('file');
    const one = given('one');
    open(one.path);
    execFileSync('sh', ['-c', `cp ${one.path} ${one.path}.copy; cat ${one.path}.copy > ${one.path}`]);
    expect(findChange([one], 'a', store)).toMatchObject({ ok: true });
    const [two, three] = [given('two'), given('three')];
    expect(findChange([two, three], 'b', store)).toMatchObject({ ok: true });
  });

  /** Gives a node the file, which stores a byte through a mapping now and whenever it is told to. */
  async function mapped(): Promise<{ readonly storeByte: (byte: number) => Promise<unknown>; readonly end: () => void }> {
    collect('file');
    const one = given('one');
    open(one.path);
    const other = spawn('python3', ['-c', MAPPED, one.path], { stdio: ['pipe', 'pipe', 'inherit'] });
    const answers = createInterface({ input: other.stdout })[Symbol.asyncIterator]();
    const storeByte = async (byte: number): Promise<unknown> => {
      other.stdin.write(`${byte}\n`);
      return answers.next();
    };
    // The byte that is there: the page is dirty, and holds what it held.
    await storeByte(0);
    return { storeByte, end: () => other.stdin.end() };
  }

  test('has changed by the mapping that another node has had of it since before, of which the disk had been told', async () => {
    const { storeByte, end } = await mapped();
    try {
      const two = given('two');
      await storeByte(1);
      expect(findChange([two], 'b', store)).toMatchObject({ ok: false, problems: [{ code: 'input-changed' }] });
    } finally {
      end();
    }
  });

  test.runIf(tellsOfChanges(disk))(
    'is not taken for whole by how it stands where a mapping has changed it since it was hashed',
    async () => {
      const { storeByte, end } = await mapped();
      try {
        expect(store.artifacts.broken({ out: artifact }, true)).toEqual([]);
        await storeByte(1);
        expect(store.artifacts.broken({ out: artifact })).toEqual([{ port: 'out', damage: 'damaged' }]);
      } finally {
        end();
      }
    },
  );
});

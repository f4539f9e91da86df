import { chmodSync, cpSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Finding } from '../../src/model/upkeep.ts';
import { fileStamp } from '../../src/files/stamp.ts';
import { sha256 } from '../../src/model/canonical.ts';
import { HEAD } from '../../src/stores/local/segments/entry.ts';
import { addToNote, readNote } from '../../src/stores/local/segments/table.ts';
import { localStore } from '../../src/stores/local/store.ts';
import { emptyFolder } from '../folders.ts';
import { lose, rot, stretchOf } from '../stored.ts';
import { filesIn, type OneOfEach, oneOfEach } from './one-of-each.ts';
import { workFingerprint } from './stores.ts';

let each: OneOfEach;

beforeAll(async () => {
  each = await oneOfEach();
});

/** A copy of the store. */
function copy(): string {
  const root = join(emptyFolder(), 'artifacts');
  cpSync(each.store.location, root, { recursive: true, verbatimSymlinks: true });
  return root;
}

function rewrite(path: string, change: (bytes: Buffer) => Buffer): void {
  const bytes = readFileSync(path);
  chmodSync(path, 0o644);
  writeFileSync(path, change(bytes));
}

const flipped = (at: number) => (bytes: Buffer) => {
  const copied = Buffer.from(bytes);
  copied[at] = (copied[at] ?? 0) ^ 0x10;
  return copied;
};

const told = ({ kind, name }: Finding): string => `${kind}: ${name}`;

const damages: readonly (readonly [string, (bytes: Buffer) => Buffer])[] = [
  ['a flip in the middle', (bytes) => flipped(bytes.length >> 1)(bytes)],
  ['a flip at the end', (bytes) => flipped(bytes.length - 1)(bytes)],
  ['a cut', (bytes) => bytes.subarray(0, bytes.length - 7)],
  ['zeros', (bytes) => Buffer.alloc(bytes.length)],
  ['nothing', () => Buffer.alloc(0)],
];

/** Those that leave the size as it is. */
const inPlace = damages.filter(([, change]) => change(Buffer.from('some bytes')).length === 'some bytes'.length);

const kindOf = (key: string): 'content' | 'result' => (each.results.includes(key) ? 'result' : 'content');

describe('verify', () => {
  test('finds nothing in a whole store, and looks at every file that is read again', async () => {
    const store = localStore(copy());
    expect(await store.maintenance.verify()).toMatchObject({ damaged: [], stillMissing: [] });
    const unread = /^(locks|latest\/|\.gitignore|segments|index\/verify)/;
    const files = filesIn(each.store.location).filter((file) => !unread.test(file) || file.endsWith('.json'));
    expect(Object.keys(each.files).sort()).toEqual(files.sort());
  });

  test('finds damage to a file of each kind, tells what it costs, and is clean afterwards', async () => {
    for (const [index, [file, name]] of Object.entries(each.files).entries()) {
      const [what, change] = damages[index % damages.length] ?? [];
      // Files that only grow were empty once.
      const isFound = what !== 'nothing' || !/^(index\/(blobs|runs|unchanged\/.*)|logs\/.*)$/.test(file);
      const root = copy();
      rewrite(join(root, file), change ?? flipped(0));
      const { damaged } = await localStore(root).maintenance.verify();
      if (isFound) expect(damaged.map(told), `${what} in ${file}`).toContain(name);
      expect(damaged.every(({ cost }) => cost.length > 10)).toBe(true);
      const again = await localStore(root).maintenance.verify();
      expect(again.damaged, file).toEqual([]);
    }
  });

  test('finds damage to what lies in segments, tells what it costs, and is clean afterwards', async () => {
    for (const [index, [key, name]] of Object.entries(each.entries).entries()) {
      const [what, change] = inPlace[index % inPlace.length] ?? [];
      const root = copy();
      rot(root, key, kindOf(key), change);
      const { damaged } = await localStore(root).maintenance.verify();
      expect(damaged.map(told), `${what} in ${name}`).toContain(name);
      expect(readdirSync(join(root, 'quarantine'))).toHaveLength(1);
      const again = await localStore(root).maintenance.verify();
      expect(again.damaged, name).toEqual([]);
    }
  });

  test('finds a flip anywhere in the head of an entry, though the segment is said to stand as it did', async () => {
    for (const at of [0, 4, 9, 30, 60, 100, 130]) {
      const root = copy();
      const { path, offset } = stretchOf(root, sha256('a poem'));
      const bytes = readFileSync(path);
      writeFileSync(path, flipped(offset - HEAD + at)(bytes));
      const noteFile = path.replace('/segments/', '/index/segments/');
      const note = readNote(noteFile);
      if (note !== undefined) addToNote(noteFile, note.base, { ...note, stamp: fileStamp(lstatSync(path, { bigint: true })) });
      const { damaged } = await localStore(root).maintenance.verify();
      expect(damaged.map(told), String(at)).toEqual(['content: output student.model/a.txt']);
    }
  });

  test('tells what is lost altogether, and afterwards that it still is', async () => {
    const unnamed = /^(tags|pins|checkpoints|sweeps|logs|index|latest|bundles\/raw)/;
    for (const [file, name] of [...Object.entries(each.files), ...Object.entries(each.entries)]) {
      if (unnamed.test(file)) continue;
      const root = copy();
      if (file in each.entries) lose(root, file, kindOf(file));
      else rmSync(join(root, file), { force: true });
      const first = await localStore(root).maintenance.verify();
      expect(first.damaged.map(told), file).toContain(name);
      expect(first.damaged.every(({ damage }) => damage === 'missing')).toBe(true);
      const again = await localStore(root).maintenance.verify();
      expect(again.damaged, file).toEqual([]);
      if (!file.startsWith('runs/')) expect(again.stillMissing.map(told), file).toContain(name);
    }
  });

  test('names the tag and the pin of a run whose record is damaged', async () => {
    const root = copy();
    const run = Object.keys(each.files).find((file) => file.startsWith('runs/')) ?? '';
    rewrite(join(root, run), () => Buffer.from('{}'));
    const { damaged } = await localStore(root).maintenance.verify();
    expect(damaged.map(({ kind, damage }) => `${kind} ${damage}`).sort()).toEqual(['pin missing', 'run damaged', 'tag missing']);
    expect(localStore(root).maintenance.undecidable()).toEqual({ damaged: [], newer: [] });
  });

  test('goes on whatever lies in the store', async () => {
    const root = copy();
    for (const file of Object.keys(each.files)) {
      rmSync(join(root, file), { force: true });
      mkdirSync(join(root, file));
      writeFileSync(join(root, file, 'inside'), '');
    }
    const [segment = ''] = readdirSync(join(root, 'segments'));
    rmSync(join(root, 'segments', segment));
    mkdirSync(join(root, 'segments', segment));
    mkdirSync(join(root, 'results'));
    for (const folder of [
      'results',
      'runs',
      'segments',
      'bundles',
      'bundles/raw',
      'sources',
      'tags',
      'pins',
      'checkpoints',
      'sweeps',
      'logs',
      'blobs',
      'latest',
    ]) {
      symlinkSync('nowhere', join(root, folder, 'dangling.json'));
      symlinkSync('round.json', join(root, folder, 'round.json'));
      writeFileSync(join(root, folder, '__proto__'), '\0');
      writeFileSync(join(root, folder, 'ä\n\u001b.json'), '\0');
    }
    for (const folder of ['index/work', 'index/checked', 'index/segments', 'quarantine']) {
      rmSync(join(root, folder), { recursive: true, force: true });
      writeFileSync(join(root, folder), 'a file');
    }
    expect((await localStore(root).maintenance.verify()).damaged.length).toBeGreaterThan(10);
    rmSync(join(root, 'quarantine'));
    await localStore(root).maintenance.verify();
    expect((await localStore(root).maintenance.verify()).damaged).toEqual([]);
  });
});

test('a flip of any byte of a record makes it missing', () => {
  const root = copy();
  const store = localStore(root);
  const reads: Readonly<Record<string, () => unknown>> = {
    runs: () => [...store.runs.all()][0],
    'bundles/raw': () => store.bundles.ofSources(each.raw),
    bundles: () => store.bundles.read(each.code),
    sources: () => store.sources.kept(each.source),
    tags: () => store.tags.read('best'),
    pins: () => store.tags.pins()[0],
  };
  for (const file of Object.keys(each.files)) {
    const read = reads[file.slice(0, file.lastIndexOf('/'))];
    if (read === undefined) continue;
    const bytes = readFileSync(join(root, file));
    expect(read(), file).toBeDefined();
    const unfound = [...bytes.keys()].filter((at) => {
      writeFileSync(join(root, file), flipped(at)(bytes));
      return read() !== undefined;
    });
    expect(unfound, file).toEqual([]);
    writeFileSync(join(root, file), bytes);
  }
});

test('a flip of any byte of an entry of a segment makes it missing, and nothing else', () => {
  const root = copy();
  const { path, offset, size } = stretchOf(root, workFingerprint, 'result');
  const bytes = readFileSync(path);
  const flips = [...bytes.keys()].slice(offset - HEAD, offset + size);
  const unfound = flips.filter((at) => {
    writeFileSync(path, flipped(at)(bytes));
    const { results, bundles } = localStore(root);
    return results.read(workFingerprint) !== undefined || !bundles.isWhole(each.code);
  });
  expect(unfound).toEqual([]);
});

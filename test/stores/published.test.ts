import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sealedJson } from '../../src/files/sealed.ts';
import type { Artifact } from '../../src/model/artifact.ts';
import { emptyFolder, write } from '../folders.ts';
import { collect, open, value } from './stores.ts';

describe('the folder in which users find outputs', () => {
  test('is swapped as one, keeps nodes that were not asked for, and heals what was changed there', () => {
    const { store } = open();
    const file = (text: string): Artifact => {
      const path = join(emptyFolder(), 'out.txt');
      writeFileSync(path, text);
      return value(store.artifacts.collect(path, 'file', '.txt'));
    };
    const folder = value(collect(store, { 'a.txt': 'a poem' }));
    const { paths: first } = store.published.outputs(
      'demo',
      new Map([
        ['teacher[fold=0]', new Map([['model', folder]])],
        ['card', new Map([['card', file('1')]])],
      ]),
    );
    expect([...first.keys()]).toEqual(['teacher[fold=0].model', 'card.card']);
    expect(first.get('card.card')).toBe(join(store.location, 'latest/demo/card/card.txt'));
    expect(readFileSync(join(first.get('teacher[fold=0].model') ?? '', 'a.txt'), 'utf8')).toBe('a poem');
    const { paths: second } = store.published.outputs('demo', new Map([['card', new Map([['card', file('2')]])]]));
    expect(readFileSync(second.get('card.card') ?? '', 'utf8')).toBe('2');
    expect(readFileSync(join(first.get('teacher[fold=0].model') ?? '', 'a.txt'), 'utf8')).toBe('a poem');
    chmodSync(second.get('card.card') ?? '', 0o644);
    writeFileSync(second.get('card.card') ?? '', 'changed by hand');
    store.published.outputs('demo', new Map([['card', new Map([['card', file('2')]])]]));
    expect(readFileSync(second.get('card.card') ?? '', 'utf8')).toBe('2');
    expect(readdirSync(join(store.location, 'latest')).filter((name) => name.startsWith('.demo'))).toHaveLength(2);
  });

  const memory = '/dev/shm';
  const isElsewhere = existsSync(memory) && lstatSync(memory).dev !== lstatSync(emptyFolder()).dev;

  test.runIf(isElsewhere)('may lie on another file system, as may what is brought back: large files are copied there', () => {
    const { store } = open();
    const path = join(emptyFolder(), 'out.bin');
    writeFileSync(path, 'large');
    truncateSync(path, 65 * 1024 * 1024);
    const outputs = new Map([['node', new Map([['out', value(store.artifacts.collect(path, 'file', '.bin'))]])]]);
    const elsewhere = mkdtempSync(join(memory, 'stillroom-test-'));
    try {
      symlinkSync(elsewhere, join(store.location, 'latest'));
      const all = [store.published.outputs('demo', outputs), store.published.placeIn(join(elsewhere, 'to'), outputs)];
      for (const { paths, lost } of all) {
        const stats = lstatSync(paths.get('node.out') ?? '');
        expect([lost, stats.size, stats.nlink, stats.mode & 0o777]).toEqual([[], 65 * 1024 * 1024, 1, 0o444]);
      }
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  });

  test('stays as it is where nothing changed, and is swapped where an output, a bit or the note of it did', () => {
    const { store } = open();
    const [one, two] = ['one', 'two'].map((text) => value(collect(store, { 'a.txt': text }))) as [Artifact, Artifact];
    const outputs = (model: Artifact) => new Map([['train', new Map([['model', model]])]]);
    const latest = join(store.location, 'latest');
    const published = (model: Artifact): string => {
      store.published.outputs('demo', outputs(model));
      return readlinkSync(join(latest, 'demo'));
    };
    const first = published(one);
    expect(first).toMatch(/^\.demo-[0-9a-f]{8}$/);
    expect([published(one), readdirSync(latest).sort()]).toEqual([first, [first, `${first}.json`, 'demo'].sort()]);
    const second = published(two);
    expect([second === first, published(two)]).toEqual([false, second]);
    for (const note of ['torn', sealedJson({ outputs: {} }), sealedJson({ stamp: '' }), sealedJson({ outputs: 1, stamp: '' })]) {
      const before = readlinkSync(join(latest, 'demo'));
      writeFileSync(join(latest, `${before}.json`), note);
      expect(published(two)).not.toBe(before);
    }
    const now = readlinkSync(join(latest, 'demo'));
    expect(readdirSync(latest).sort()).toEqual([now, `${now}.json`, 'demo'].sort());
    rmSync(join(latest, now), { recursive: true });
    expect(published(two)).not.toBe(now);
    expect(readFileSync(join(latest, 'demo/train/model/a.txt'), 'utf8')).toBe('two');
  });

  test('is swapped file by file where a single one differs, and as one where more do', () => {
    const { store } = open();
    const file = (text: string): Artifact => {
      const path = join(emptyFolder(), 'out.txt');
      writeFileSync(path, text);
      return value(store.artifacts.collect(path, 'file', '.txt'));
    };
    const publish = (...texts: readonly string[]): string[] => {
      const nodes = texts.map((text, index) => [`n${index}`, new Map([['o', file(text)]])] as const);
      const { paths, lost } = store.published.outputs('demo', new Map(nodes));
      expect(lost).toEqual([]);
      expect([...paths.values()].map((path) => readFileSync(path, 'utf8'))).toEqual(texts);
      const link = readlinkSync(join(store.location, 'latest/demo'));
      expect(readdirSync(join(store.location, 'latest')).toSorted()).toEqual([link, `${link}.json`, 'demo']);
      return [link, ...[...paths.values()].map((path) => String(lstatSync(path).ino))];
    };
    const [link, ...inodes] = publish('one', 'two', 'three');
    const [same, ...after] = publish('one', 'other', 'three');
    expect([same, after[0], after[2]]).toEqual([link, inodes[0], inodes[2]]);
    expect(publish('one', 'other', 'three')).toEqual([same, ...after]);
    expect(publish('one', 'two', 'four')[0]).not.toBe(link);
    const [before] = publish('one', 'two', 'three');
    write(store.location, { 'latest/demo/n0/more.txt': 'of the user' });
    expect(publish('one', 'two', 'five')[0]).not.toBe(before);
  });

  test('remembers what it keeps of other nodes', () => {
    const { store } = open();
    const model = new Map([['model', value(collect(store, { 'a.txt': 'a poem' }))]]);
    const link = join(store.location, 'latest/demo');
    const publish = (...nodes: readonly string[]): string => {
      store.published.outputs('demo', new Map(nodes.map((node) => [node, model])));
      return readlinkSync(link);
    };
    publish('first');
    const both = publish('second');
    expect(readdirSync(link).sort()).toEqual(['first', 'second']);
    expect([publish('first'), publish('second'), publish('first', 'second')]).toEqual([both, both, both]);
  });

  test('is left alone, with nothing beside it, where it cannot be swapped', () => {
    const { store } = open();
    const model = new Map([['model', value(collect(store, { 'a.txt': 'a poem' }))]]);
    const latest = join(store.location, 'latest');
    write(latest, { 'demo/mine.txt': 'mine' });
    expect(() => store.published.outputs('demo', new Map([['train', model]]))).toThrow();
    expect([readdirSync(latest), readdirSync(join(latest, 'demo'))]).toEqual([['demo'], ['mine.txt']]);
  });

  test('is taken by one run after the other', async () => {
    const { store } = open();
    const signal = new AbortController();
    const lock = await store.published.take('demo', signal.signal);
    (await store.published.take('other', signal.signal))?.release();
    const waiting = store.published.take('demo', signal.signal);
    signal.abort();
    expect(await waiting).toBeUndefined();
    lock?.release();
    const later = await store.published.take('demo', new AbortController().signal);
    expect(later).toBeDefined();
    later?.release();
  });

  test('loses the nodes that the pipeline has no more, and only those', () => {
    const { store } = open();
    const model = new Map([['model', value(collect(store, { 'a.txt': 'a poem' }))]]);
    const all = new Map([
      ['first', model],
      ['second', model],
    ]);
    const there = () => readdirSync(join(store.location, 'latest/demo')).sort();
    store.published.outputs('demo', all, ['first', 'second', 'third']);
    store.published.outputs('demo', new Map([['second', model]]), ['first', 'second']);
    expect(there()).toEqual(['first', 'second']);
    store.published.outputs('demo', new Map([['second', model]]), ['second', 'renamed']);
    expect(there()).toEqual(['second']);
  });

  test('is made anew where what is noted of it is damaged', () => {
    const { store } = open();
    const outputs = new Map([['train', new Map([['model', value(collect(store, { 'a.txt': 'a poem' }))]])]]);
    store.published.outputs('demo', outputs);
    const latest = join(store.location, 'latest');
    const note = readdirSync(latest).find((name) => name.endsWith('.json')) ?? '';
    writeFileSync(join(latest, note), '{"outputs"');
    const path = store.published.outputs('demo', outputs).paths.get('train.model') ?? '';
    expect(readFileSync(join(path, 'a.txt'), 'utf8')).toBe('a poem');
  });
});

test('outputs are placed in a folder of the user by node and port', () => {
  const { store, folder } = open();
  const model = value(collect(store, { 'a.txt': 'a poem' }));
  const { paths } = store.published.placeIn(join(folder, 'mine'), new Map([['teacher[fold=0]/x', new Map([['model', model]])]]));
  expect(paths).toEqual(new Map([['teacher[fold=0]/x.model', expect.stringMatching(/mine\/teacher\[fold=0\]%2fx\/model$/)]]));
  expect(readFileSync(join([...paths.values()][0] ?? '', 'a.txt'), 'utf8')).toBe('a poem');
});

test('the schema for editors has a time as soon as it was written', () => {
  const { store } = open();
  expect(store.published.schemaTime()).toBe(0);
  store.published.writeSchema('pipeline', '{}');
  expect(store.published.schemaTime()).toBeGreaterThan(1000);
  store.published.writeSchema('pipeline', '{}', 1000);
  expect(store.published.schemaTime()).toBe(1000);
});

test('the schema that editors read says when it was written; where it cannot be, it is done without', () => {
  const { store } = open();
  expect(store.published.schemaTime()).toBe(0);
  store.published.writeSchema('pipeline', '{}');
  const path = join(store.location, 'pipeline.schema.json');
  expect([readFileSync(path, 'utf8'), store.published.schemaTime()]).toEqual(['{}', lstatSync(path).mtimeMs]);
  rmSync(path);
  mkdirSync(join(path, 'in the way'), { recursive: true });
  store.published.writeSchema('pipeline', '{}');
  expect(lstatSync(path).isDirectory()).toBe(true);
});

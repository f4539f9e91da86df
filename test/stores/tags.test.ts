import { cpSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { writeSealed } from '../../src/files/sealed.ts';
import { LocalTags } from '../../src/stores/local/tags.ts';
import { emptyFolder, write } from '../folders.ts';
import { damage } from './stores.ts';

let root: string;
let tags: LocalTags;

beforeEach(() => {
  root = emptyFolder();
  tags = new LocalTags(root);
});

describe('a tag', () => {
  test('names a run until it is set anew or deleted', () => {
    expect([tags.read('best'), tags.all(), tags.damaged()]).toEqual([undefined, [], []]);
    tags.set('best', 'run-1');
    tags.set('best', 'run-2');
    tags.set('also', 'run-1');
    expect(tags.all()).toEqual([
      { name: 'also', run: 'run-1' },
      { name: 'best', run: 'run-2' },
    ]);
    tags.delete('best');
    expect([tags.read('best'), readdirSync(join(root, 'tags'))]).toEqual([undefined, ['also']]);
  });

  test('was a line of text formerly', () => {
    write(root, { 'tags/a': 'run-1\n', 'tags/b': 'run-1', 'tags/c': 'run-1\nrun-2\n', 'tags/d': '../run-1\n', 'tags/e': '\n' });
    expect(['a', 'b', 'c', 'd', 'e'].map((name) => tags.read(name))).toEqual(['run-1', undefined, undefined, undefined, undefined]);
    expect(tags.all()).toEqual([{ name: 'a', run: 'run-1' }]);
    expect(tags.damaged()).toEqual(['b', 'c', 'd', 'e'].map((name) => `the tag ${name}`));
  });

  test('is none where it is damaged, says another name, or is no tag; that is told', () => {
    for (const name of ['a', 'b']) tags.set(name, 'run-1');
    damage(join(root, 'tags/a'));
    cpSync(join(root, 'tags/b'), join(root, 'tags/c'));
    writeSealed(join(root, 'tags/d'), { name: 'd' });
    writeSealed(join(root, 'tags/e'), { run: 'run-1' });
    write(root, { 'tags/b.0123456789ab.part': 'half' });
    expect(tags.all()).toEqual([{ name: 'b', run: 'run-1' }]);
    expect(tags.damaged()).toEqual(['a', 'c', 'd', 'e'].map((name) => `the tag ${name}`));
    expect(tags.read('../tags/b')).toBeUndefined();
  });
});

describe('a pin', () => {
  test('keeps a run until it is taken off', () => {
    expect(tags.pins()).toEqual([]);
    for (const run of ['run-1', 'run-2', 'run-1']) tags.pin(run);
    expect([tags.pins(), tags.damaged()]).toEqual([['run-1', 'run-2'], []]);
    tags.unpin('run-1');
    expect([tags.pins(), existsSync(join(root, 'pins/run-1.json'))]).toEqual([['run-2'], false]);
  });

  test('was an empty file formerly, and counts once with a new one', () => {
    write(root, { 'pins/run-1': '', 'pins/run-2': 'torn' });
    tags.pin('run-1');
    expect([tags.pins(), tags.damaged()]).toEqual([['run-1'], ['the pin of run-2']]);
    tags.unpin('run-1');
    expect(tags.pins()).toEqual([]);
  });

  test('is none where it is damaged, of another run, or half written', () => {
    for (const run of ['run-1', 'run-2']) tags.pin(run);
    damage(join(root, 'pins/run-1.json'));
    cpSync(join(root, 'pins/run-2.json'), join(root, 'pins/run-3.json'));
    writeSealed(join(root, 'pins/run-4.json'), { run: 4 });
    write(root, { 'pins/run-5.json.0123456789ab.part': 'half' });
    expect(tags.pins()).toEqual(['run-2']);
    expect(tags.damaged()).toEqual(['run-1', 'run-3', 'run-4'].map((run) => `the pin of ${run}`));
    expect(tags.pinned('run-9')).toBeUndefined();
  });
});

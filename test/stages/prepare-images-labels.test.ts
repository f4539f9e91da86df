import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openDataset } from 'stillroom/nn';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import run from '../../stages/prepare-images/run.ts';
import stage from '../../stages/prepare-images/stage.ts';
import { perform, scratch, StageFailure } from './context.ts';
import type { Watched } from './context.ts';
import { paint } from './painted.ts';

let room: ReturnType<typeof scratch>;
let folder: string;
let calls = 0;
beforeEach(() => {
  room = scratch();
  folder = join(room.folder, 'images');
});
afterEach(() => room.remove());

const prepare = (params: object, inputs: object): Promise<Watched> =>
  perform(stage, run, {
    params: { size: 8, ...params },
    inputs: { images: folder, ...inputs },
    folder: join(room.folder, `out${calls++}`),
  });

/** Prepares the folder by a table that lies elsewhere. */
function withTable(text: string | Uint8Array, params: object = {}): Promise<Watched> {
  const file = join(room.folder, 'labels.csv');
  writeFileSync(file, text);
  return prepare(params, { labels: file });
}

/** What images came out as. */
function labelsOf({ outputs }: Watched): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const set of ['train', 'test']) {
    const data = openDataset(outputs[set] as string);
    data.names().forEach((name, index) => {
      labels[name] = data.info.classes[data.labels[index] as number] as string;
    });
    data.close();
  }
  return labels;
}

async function failure(work: Promise<unknown>): Promise<readonly [string, string | undefined]> {
  const problem = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(problem instanceof StageFailure)) throw new Error('the stage did not fail');
  return [problem.message, problem.hint];
}

const four = ['1.png', '2.png', '3.png', '4.png'];
const paintAll = (names: readonly string[]): Promise<unknown> => Promise.all(names.map((name) => paint(join(folder, name), { size: 8 })));
const cats = { '1.png': 'cat', '2.png': 'dog', '3.png': 'cat', '4.png': 'dog' };

describe('a table of labels', () => {
  test('beside a folder or in it: quoted names, a header in any order, given classes', async () => {
    await paintAll(['one.png', 'two, three.png', 'deep/four.jpg', 'five.png', 'unlisted.png']);
    const table = 'id,label,path\n1,cat,one.png\n2,dog,"two, three.png"\r\n3,cat,deep/four.jpg\n4,dog,./five.png\n';
    const beside = await withTable(table, { classes: ['dog', 'cat'] });
    const train = openDataset(beside.outputs['train'] as string);
    expect(train.info.classes).toEqual(['dog', 'cat']);
    train.close();
    expect(labelsOf(beside)).toEqual({ 'one.png': 'cat', 'two, three.png': 'dog', 'deep/four.jpg': 'cat', 'five.png': 'dog' });
    expect(JSON.parse(readFileSync(beside.outputs['report'] as string, 'utf8'))).toMatchObject({ ignored: ['unlisted.png'] });
    cpSync(join(room.folder, 'labels.csv'), join(folder, 'Labels.CSV'));
    writeFileSync(join(folder, '._Labels.CSV'), 'resources');
    mkdirSync(join(folder, '__MACOSX'));
    writeFileSync(join(folder, '__MACOSX/._one.png'), 'resources');
    const inside = await prepare({}, {});
    expect(inside.metrics).toMatchObject({ train_images: 2, test_images: 2 });
    expect(inside.log[0]).toBe('Labels.CSV: images by column "path", classes by column "label"');
  });

  test.each([
    ['image_id,label', '1,cat 2,dog 3,cat 4,dog'],
    ['id;breed', '1;cat 2;dog 3;cat 4;dog'],
    ['filename\tclass', '1.png\tcat 2.png\tdog 3.png\tcat 4.png\tdog'],
    ['class,Image Path', 'cat,images/1.png dog,images/2.png cat,images/3.png dog,images/4.png'],
    ['image,cultivar', '1.PNG,cat 2.PNG,dog 3.PNG,cat 4.PNG,dog'],
    ['image,cat,dog', '1,1,0 2,0,1 3,1.0,0.0 4,0.0,1.0'],
    ['', '1.png,cat 2.png,dog 3.png,cat 4.png,dog'],
    ['', '1.png,cat 2.png,target 3.png,cat 4.png,target'],
    ['', '1.png|cat 2.png|dog 3.png|cat 4.png|dog'],
  ])('with the heads %j', async (heads, rows) => {
    await paintAll(four);
    const labels = labelsOf(await withTable(`${heads}\n${rows.replaceAll(' ', '\n')}\n`));
    const expected = rows.includes('target') ? { ...cats, '2.png': 'target', '4.png': 'target' } : cats;
    expect(labels).toEqual(expected);
  });

  test('whose columns are separated by blanks, or which params name', async () => {
    await paintAll(four);
    expect(labelsOf(await withTable('1.png   cat x\n2.png  dog  x\n3.png cat  y\n4.png dog  y\n'))).toEqual(cats);
    const table = 'label,who,what\n1,1.png,cat\n1,2.png,dog\n1,3.png,cat\n2,4.png,dog\n';
    expect(labelsOf(await withTable(table, { name_column: 'who', label_column: 'what' }))).toEqual(cats);
    expect(await failure(withTable(table))).toEqual([
      'it is not known which column of labels.csv names the images: label, who, what',
      'Say which: `name_column: NAME`.',
    ]);
    expect(await failure(withTable(table, { name_column: 'whoo' }))).toEqual([
      '`name_column: whoo`: labels.csv has no such column; its first line is label, who, what',
      'Did you mean who?',
    ]);
    expect((await failure(withTable('image,size,colour\n1,2,3\n')))[0]).toMatch(/names the labels: image, size, colour/);
  });

  test('finds files of another case, without suffix, below folders, and not one that could be two', async () => {
    await paintAll(['a/IMG_1.JPG', 'a/IMG_2.JPG', 'b/IMG_3.JPG', 'b/IMG_4.JPG', 'b/IMG_1.PNG']);
    const labels = labelsOf(await withTable('id,label\nimg_2,x\nIMG_3.jpg,y\nA/img_1.jpg,x\nb\\IMG_4,y\n'));
    expect(labels).toEqual({ 'a/IMG_2.JPG': 'x', 'b/IMG_3.JPG': 'y', 'a/IMG_1.JPG': 'x', 'b/IMG_4.JPG': 'y' });
    expect(await failure(withTable('id,label\nIMG_2,x\nIMG_1,y\n'))).toEqual([
      'labels.csv, line 3, column "id": IMG_1 could be a/IMG_1.JPG, b/IMG_1.PNG',
      'Write the path in the folder, with its suffix.',
    ]);
  });
});

describe('a table is refused', () => {
  const bad = async (text: string): Promise<string> => (await failure(withTable(text)))[0];

  test('where it names what is not there: with line, column and the nearest, unless that is to be reported', async () => {
    await paintAll(four);
    const table = `image_id,label\n1,cat\n2,dog\n3,cat\n4,dog\n44,cat\nnone,dog\n`;
    const [message, hint] = await failure(withTable(table));
    expect(message).toBe(
      '2 of the images cannot be read:\n' +
        '  44: there is no such file (labels.csv, line 6, column "image_id"); the nearest is 4.png\n' +
        '  none: there is no such file (labels.csv, line 7, column "image_id")',
    );
    expect(hint).toMatch(/`unreadable: report`/);
    const reported = await withTable(table, { unreadable: 'report' });
    expect(reported.metrics).toMatchObject({ train_images: 2, test_images: 2, unreadable: 2 });
    expect(await failure(withTable('image_id,label\n7.png,a\n8.png,b\n'))).toEqual([
      'none of the 2 images that labels.csv names is in the folder; the first is 7.png: ' +
        'there is no such file (labels.csv, line 2, column "image_id"); the nearest is 1.png',
      'The folder holds 1.png, 2.png, 3.png and 1 more.',
    ]);
  });

  test('where it contradicts itself, leaves the folder, or a field is empty', async () => {
    await paintAll(four);
    expect(await bad('path,label\n1.png,a\n2.png,b\n./1.png,b\n')).toBe('labels.csv names 1.png twice: as a in line 2 and as b in line 4');
    const twice = await withTable('1.png,cat\n2.png,dog\n3.png,cat\n4.png,dog\n1.png,cat\n');
    expect(twice.log).toContain('labels.csv names 1 of its images more than once, with the same class');
    expect(await bad('../1.png,a\n')).toBe('labels.csv, line 1: ../1.png lies outside the folder');
    expect(await bad('C:\\data\\1.png,a\n')).toMatch(/line 1: C:.* lies outside the folder/);
    expect(await bad('path,label\n1.png\n')).toBe('labels.csv, line 2 has nothing in column "label"; it has 1 of them');
    expect(await bad('path,label\n,x\n')).toBe('labels.csv, line 2 has nothing in column "path"');
    expect(await bad('image,cat,dog\n1,1,1\n')).toBe('labels.csv, line 2 marks 2 classes: cat, dog; an image belongs to just one here');
    expect(await bad('image,cat,dog\n1,0,0\n')).toBe('labels.csv, line 2 marks no class; an image belongs to just one here');
    expect(await bad('')).toBe('labels.csv names no image');
    expect(await bad('1.png,cat\n2.png,cat\n')).toMatch(/^the source holds one class, cat, and no other/);
  });

  test('where its bytes are of another encoding', async () => {
    await paintAll(four);
    const [message, hint] = await failure(withTable(Buffer.from('image,label\n1,Käse\n2,Brot\n', 'latin1')));
    expect(message).toMatch(/^labels\.csv, line 2: the byte 0xE4 is not UTF-8/);
    expect(hint).toMatch(/iconv -f WINDOWS-1252/);
  });
});

describe('a table that lies in the folder by chance', () => {
  const write = (name: string, text: string): void => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  };

  test('is asked about beside class folders, and a param decides', async () => {
    await paintAll(['cat/1.png', 'cat/2.png', 'dog/3.png', 'dog/4.png']);
    write('sample_submission.csv', 'id,label\n1,dog\n2,dog\n3,cat\n4,cat\n');
    expect(await failure(prepare({}, {}))).toEqual([
      'the source can be read in two ways: as class folders, cat (2), dog (2), or by sample_submission.csv, which may name the classes',
      'Say which: `layout: folders` or `layout: table`.',
    ]);
    const byFolders = { 'cat/1.png': 'cat', 'cat/2.png': 'cat', 'dog/3.png': 'dog', 'dog/4.png': 'dog' };
    expect(labelsOf(await prepare({ layout: 'folders' }, {}))).toEqual(byFolders);
    const byTable = { 'cat/1.png': 'dog', 'cat/2.png': 'dog', 'dog/3.png': 'cat', 'dog/4.png': 'cat' };
    expect(labelsOf(await prepare({ layout: 'table' }, {}))).toEqual(byTable);
    write('train.csv', 'id,label\n1,dog\n');
    expect(await failure(prepare({}, {}))).toEqual([
      'the source holds 2 CSV files: sample_submission.csv, train.csv',
      'Name the one with the labels, such as `table: sample_submission.csv`, or give it as the input `labels`; `layout: folders` reads none of them.',
    ]);
    expect(labelsOf(await prepare({ layout: 'folders' }, {}))).toEqual(byFolders);
    write('train.csv', 'id,label\n1,hat\n2,shoe\n3,hat\n4,shoe\n');
    const named = { 'cat/1.png': 'hat', 'cat/2.png': 'shoe', 'dog/3.png': 'hat', 'dog/4.png': 'shoe' };
    expect(labelsOf(await prepare({ table: 'train.csv' }, {}))).toEqual(named);
    expect(await failure(prepare({ table: 'trian.csv' }, {}))).toEqual([
      '`table: trian.csv`: the source holds no such file',
      'Did you mean train.csv?',
    ]);
  });

  test('is asked about where it is called as what a contest wants filled in', async () => {
    await paintAll(four);
    write('sample_submission.csv', 'id,label\n1,dog\n2,dog\n3,cat\n4,cat\n');
    expect((await failure(prepare({}, {})))[0]).toMatch(/^the only table of the source, sample_submission\.csv, is called as/);
    expect((await prepare({ layout: 'table' }, {})).metrics).toMatchObject({ classes: 2 });
  });

  test('is the labels’ where the folders beside it are no classes', async () => {
    await paintAll(['train/1.png', 'train/2.png', 'train/3.png', 'train/4.png', 'test/9.png']);
    write('labels.csv', 'id,label\n1,cat\n2,dog\n3,cat\n4,dog\n');
    const prepared = await prepare({}, {});
    expect(labelsOf(prepared)).toEqual({ 'train/1.png': 'cat', 'train/2.png': 'dog', 'train/3.png': 'cat', 'train/4.png': 'dog' });
  });
});

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { openDataset } from 'stillroom/nn';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import run from '../../stages/prepare-images/run.ts';
import stage from '../../stages/prepare-images/stage.ts';
import { perform, scratch, StageFailure } from './context.ts';
import type { Watched } from './context.ts';
import { paint, paintFolders } from './painted.ts';

let room: ReturnType<typeof scratch>;
let folder: string;
let calls = 0;
beforeEach(() => {
  room = scratch();
  folder = join(room.folder, 'images');
});
afterEach(() => room.remove());

const prepare = (params: object = {}, inputs: object = {}): Promise<Watched> =>
  perform(stage, run, {
    params: { size: 8, ...params },
    inputs: { images: folder, ...inputs },
    folder: join(room.folder, `out${calls++}`),
  });

const messageOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'nothing is wrong',
    (problem: unknown) => (problem instanceof StageFailure ? `${problem.message} | ${problem.hint}` : String(problem)),
  );

/** The names of a set. */
function names({ outputs }: Watched, set: 'train' | 'test'): string[] {
  const data = openDataset(outputs[set] as string);
  data.close();
  return data.names();
}

const classesOf = ({ outputs }: Watched): readonly string[] => {
  const data = openDataset(outputs['test'] as string);
  data.close();
  return data.info.classes;
};

describe('a parent of train and val', () => {
  test('is used as it was split', async () => {
    await paintFolders(join(folder, 'Train'), ['cat', 'dog'], 3);
    await paintFolders(join(folder, 'val'), ['cat', 'dog'], 2);
    await paint(join(folder, 'notes/overview.png'));
    const prepared = await prepare();
    expect(names(prepared, 'train')).toEqual(
      ['cat/0.png', 'cat/1.jpg', 'cat/2.webp', 'dog/0.png', 'dog/1.jpg', 'dog/2.webp'].map((name) => `Train/${name}`),
    );
    expect(names(prepared, 'test')).toEqual(['cat/0.png', 'cat/1.jpg', 'dog/0.png', 'dog/1.jpg'].map((name) => `val/${name}`));
    expect(classesOf(prepared)).toEqual(['cat', 'dog']);
    expect(prepared.log[0]).toBe('the given split is kept: Train/ for training, val/ for the test');
    expect(JSON.parse(readFileSync(prepared.outputs['report'] as string, 'utf8'))).toMatchObject({ ignored: ['notes/overview.png'] });
  });

  test('and test: val joins the training set if test has classes, and is the test set if not', async () => {
    await paintFolders(join(folder, 'train'), ['cat', 'dog'], 3);
    await paintFolders(join(folder, 'valid'), ['cat', 'dog'], 1);
    await paint(join(folder, 'test/1.png'));
    const unlabelled = await prepare();
    expect(unlabelled.metrics).toMatchObject({ train_images: 6, test_images: 2 });
    await paintFolders(join(folder, 'test'), ['cat', 'dog'], 2);
    const prepared = await prepare();
    expect(prepared.metrics).toMatchObject({ train_images: 8, test_images: 4 });
    expect(names(prepared, 'test').every((name) => name.startsWith('test/'))).toBe(true);
    expect(prepared.log[0]).toBe('the given split is kept: train/ for training, test/ for the test, valid/ joins the training set');
  });

  test('is asked about beside a table, and refused without class folders or with a second test set', async () => {
    await paintFolders(join(folder, 'train'), ['cat', 'dog'], 2);
    await paintFolders(join(folder, 'test'), ['cat', 'dog'], 2);
    expect(await messageOf(prepare({}, { test: join(folder, 'test') }))).toBe(
      'the source holds train, test, and a test set is given beside it | Give one of them: the input `test`, or test/ of the source.',
    );
    writeFileSync(join(folder, 'sample_submission.csv'), 'id,label\n');
    expect(await messageOf(prepare())).toBe(
      'the source can be read in two ways: as the split train/, test/, or by sample_submission.csv, which may name the classes | ' +
        'Say which: `layout: split` or `layout: table`.',
    );
    expect((await prepare({ layout: 'split' })).metrics).toMatchObject({ train_images: 4, test_images: 4 });
    folder = join(room.folder, 'flat');
    await paintFolders(folder, ['train', 'test'], 4);
    expect(await messageOf(prepare())).toMatch(/^the source holds test\/, train\/, but no class folders in them \| .*`layout: folders`/);
    expect(classesOf(await prepare({ layout: 'folders' }))).toEqual(['test', 'train']);
  });
});

describe('class folders', () => {
  test('may lie in a folder of their own, among what systems leave behind', async () => {
    await paintFolders(join(folder, 'photos'), ['cat', 'dog'], 3);
    for (const name of ['__MACOSX/photos/cat/._0.png', '.DS_Store', 'photos/cat/Thumbs.db', 'photos/._dog', 'photos/.thumbs/0.png']) {
      mkdirSync(join(folder, name, '..'), { recursive: true });
      writeFileSync(join(folder, name), 'nothing');
    }
    const prepared = await prepare();
    expect(prepared.metrics).toMatchObject({ train_images: 4, test_images: 2, classes: 2, unreadable: 0 });
    expect(prepared.log[0]).toBe('the class folders lie in photos/');
  });

  test('of one class are refused, and classes of one image are named', async () => {
    await paintFolders(folder, ['cat'], 3);
    expect(await messageOf(prepare())).toMatch(/^the source holds one class, cat, and no other: .* \| Give the folder above it/);
    await paintFolders(folder, ['dog', 'emu'], 1);
    expect(await messageOf(prepare())).toMatch(/^2 classes dog, emu have one image, so none can be held out/);
  });

  test('lose their unreadable images before the test share is drawn', async () => {
    await paintFolders(folder, ['cat', 'dog'], 10);
    const whole = await prepare({ test_share: 0.4 });
    for (const name of ['cat', 'dog'])
      for (let index = 0; index < 10; index += 1) writeFileSync(join(folder, name, `9${index}.jpg`), 'nothing');
    const prepared = await prepare({ test_share: 0.4, unreadable: 'report' });
    expect(prepared.metrics).toMatchObject({ train_images: 12, test_images: 8, unreadable: 20 });
    expect([names(prepared, 'train'), names(prepared, 'test')]).toEqual([names(whole, 'train'), names(whole, 'test')]);
    const bytes = (watched: Watched, file: string): Buffer => readFileSync(join(watched.outputs['test'] as string, file));
    for (const file of ['images.bin', 'encoded.bin', 'labels.bin']) expect(bytes(prepared, file).equals(bytes(whole, file))).toBe(true);
    expect((await prepare({ unreadable: 'report', train_images: 10 })).metrics).toMatchObject({ train_images: 10, test_images: 4 });
    expect(await messageOf(prepare())).toMatch(/^20 of the images cannot be read:/);
  });

  test('of 16 bits that use hardly any of them are warned of', async () => {
    const deep = async (most: number): Promise<Watched> => {
      folder = join(room.folder, `to${most}`);
      for (const name of ['cat', 'dog'])
        for (const index of [0, 1]) {
          mkdirSync(join(folder, name), { recursive: true });
          const pixels = Uint16Array.from({ length: 64 }, (_, place) => (most * place) / 63);
          const png = sharp(pixels, { raw: { width: 8, height: 8, channels: 1 } })
            .toColourspace('grey16')
            .png();
          writeFileSync(join(folder, name, `${index}.png`), await png.toBuffer());
        }
      return prepare({ channels: 1 });
    };
    expect((await deep(4095)).warnings).toEqual([
      '4 images have 16 bits a channel, but their brightest value is about 4096 of 65535: they come out nearly black; scale them to 16 bits first',
    ]);
    expect((await deep(65535)).warnings).toEqual([]);
  });
});

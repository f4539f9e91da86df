import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findPictures } from '../../src/nn/images/pictures.ts';
import { emptyFolder, write } from '../folders.ts';

test('pictures are found by their names, in linked folders too, among what is none', async () => {
  const folder = emptyFolder();
  const files = [
    'a.JPG',
    'b/c.png',
    'b/notes.txt',
    'b/.thumbs/d.png',
    '__MACOSX/b/._c.png',
    'b/Thumbs.db',
    'IMG_1.HEIC',
    'b/e.jpg:Zone.Identifier',
  ];
  write(folder, Object.fromEntries(files.map((name) => [`pictures/${name}`, ''])));
  write(folder, { 'cache/deep/f.png': '' });
  symlinkSync('../cache', join(folder, 'pictures/linked'));
  symlinkSync('../pictures', join(folder, 'cache/back'));
  symlinkSync('../cache/deep/f.png', join(folder, 'pictures/g.png'));
  symlinkSync('nowhere', join(folder, 'pictures/gone.png'));
  mkdirSync(join(folder, 'pictures/empty'));
  const { pictures, others } = await findPictures(join(folder, 'pictures'));
  expect(pictures).toEqual(['IMG_1.HEIC', 'a.JPG', 'b/c.png', 'g.png', 'gone.png', 'linked/deep/f.png']);
  expect(others).toEqual(['__MACOSX/b/._c.png', 'b/.thumbs/d.png', 'b/Thumbs.db', 'b/e.jpg:Zone.Identifier', 'b/notes.txt']);
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { graphPicture } from '../../docs/pictures/graph.mjs';
import { terminalPicture, wordsOf } from '../../docs/pictures/terminal.mjs';
import { checkout } from '../rig.ts';

/** The lines that a picture says, sorted: nodes that run at once end in any order. */
const lines = (picture: string): readonly string[] => wordsOf(picture).split('\n').sort();

test('the picture of a terminal says what commands print (else: npm run pictures)', () => {
  const drawn = readFileSync(join(checkout, 'docs/pictures/terminal.svg'), 'utf8');
  expect(lines(terminalPicture())).toEqual(lines(drawn));
});

test('the picture of the quickstart is its graph (else: npm run pictures)', async () => {
  expect(await graphPicture()).toBe(readFileSync(join(checkout, 'docs/pictures/quickstart.svg'), 'utf8'));
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { pages } from '../../docs/generate/pages.ts';
import { checkout } from '../rig.ts';

test.each(Object.entries(pages))('%s is as its sources make it (else: npm run docs)', async (path, make) => {
  const written = readFileSync(join(checkout, path), 'utf8').split('\n');
  expect(written).toEqual((await make()).split('\n'));
});

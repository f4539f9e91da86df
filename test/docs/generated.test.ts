import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isObject } from '../../src/files/json.ts';
import { pipelineSchema } from '../../src/load/pipeline/schema.ts';
import { projectSchema } from '../../src/load/project/schema.ts';
import { pages } from '../../docs/generate/pages.ts';
import { checkout } from '../rig.ts';

test.each(Object.entries(pages))('%s is as its sources make it (else: npm run docs)', async (path, make) => {
  const written = readFileSync(join(checkout, path), 'utf8').split('\n');
  expect(written).toEqual((await make()).split('\n'));
});

test('the reference of the pipeline file leaves out no key', () => {
  const page = readFileSync(join(checkout, 'docs/pipeline-file.md'), 'utf8');
  const keys = (schema: unknown): string[] => {
    if (!isObject(schema)) return [];
    return Object.entries(schema).flatMap(([key, value]) => {
      if (Array.isArray(value)) return value.flatMap(keys);
      if (key !== 'properties' || !isObject(value)) return keys(value);
      return Object.entries(value).flatMap(([name, own]) => [`| \`${name}\` | `, ...keys(own)]);
    });
  };
  const wanted = [pipelineSchema, projectSchema].flatMap(keys);
  expect(wanted.length).toBeGreaterThan(50);
  expect(wanted.filter((row) => !page.includes(row))).toEqual([]);
});

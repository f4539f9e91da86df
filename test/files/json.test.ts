import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isObject, readJson } from '../../src/files/json.ts';
import { emptyFolder } from '../rig.ts';

const isNamed = (value: unknown): value is { readonly name: string } => isObject(value) && typeof value['name'] === 'string';

test('JSON is read if it is of the shape', () => {
  const file = join(emptyFolder(), 'a.json');
  writeFileSync(file, '{"name":"ä"}');
  expect(readJson(file, isNamed)).toEqual({ name: 'ä' });
});

test.each(['', '{"name":"a"', '\0\0\0\0', 'null', '[]', '{"name":1}', '{"name":"a"}{'])('%j is as if it were missing', (text) => {
  const file = join(emptyFolder(), 'a.json');
  writeFileSync(file, text);
  expect(readJson(file, isNamed)).toBeUndefined();
});

test('a file that is not there is missing, one that cannot be read is an error', () => {
  const folder = emptyFolder();
  writeFileSync(join(folder, 'file'), '');
  expect(readJson(join(folder, 'no'), isNamed)).toBeUndefined();
  expect(readJson(join(folder, 'file', 'below'), isNamed)).toBeUndefined();
  mkdirSync(join(folder, 'folder'));
  expect(() => readJson(join(folder, 'folder'), isNamed)).toThrow('EISDIR');
});

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readYamlFile } from '../../src/load/yaml/file.ts';
import { emptyFolder, write } from '../rig.ts';

function read(content: string | Uint8Array) {
  const folder = emptyFolder();
  write(folder, { 'p.yaml': content });
  return readYamlFile(join(folder, 'p.yaml'), 'p.yaml');
}

test('a file that holds what was read last is not parsed again, whatever its times say; one that does not is', () => {
  const folder = emptyFolder();
  const path = join(folder, 'p.yaml');
  const readIt = () => readYamlFile(path, 'p.yaml');
  write(folder, { 'p.yaml': 'a: 1\n' });
  const first = readIt();
  write(folder, { 'p.yaml': 'a: 1\n' });
  expect(readIt()).toBe(first);
  write(folder, { 'p.yaml': 'a: 2\n' });
  expect(readIt().value).toEqual({ a: 2 });
  expect(readYamlFile(path, 'q.yaml').file).toBe('q.yaml');
});

test.each([
  [0xff, 'é: 1\na: '],
  [0xc0, 'a: \uFFFD '],
  [0xe2, '\n\n朝 '],
  [0x80, ''],
])('the byte 0x%s after %j is refused where it stands', (byte, before) => {
  const { problems, value } = read(Buffer.concat([Buffer.from(before), Buffer.of(byte), Buffer.from('x\nb: 2\n')]));
  const lines = before.split('\n');
  expect(value).toBeNull();
  expect(problems).toMatchObject([
    {
      code: 'yaml-syntax',
      message: `the byte 0x${byte.toString(16)} is no UTF-8`,
      place: { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 },
    },
  ]);
});

test('what stands for a bad byte may be written itself', () => {
  expect(read('a: \uFFFD').value).toEqual({ a: '\uFFFD' });
});

test.each(['utf16le', 'swapped'])('UTF-16 (%s) is refused by name', (kind) => {
  const bytes = Buffer.from('\uFEFFa: 1\n', 'utf16le');
  expect(read(kind === 'swapped' ? bytes.swap16() : bytes).problems).toMatchObject([{ message: 'the file is UTF-16', place: { line: 1 } }]);
});

test('a byte order mark and the line ends of Windows are taken', () => {
  expect(read('\uFEFFa: 1\r\nb: |\r\n  c\r\n  d\r\n').value).toEqual({ a: 1, b: 'c\nd\n' });
});

test.each(['\0', '\u001b', '\u0007', '\u009b'])('the control character %j is refused, its escape taken', (char) => {
  expect(read(`a: 1\nb: x${char}y\n`).problems).toMatchObject([{ code: 'yaml-syntax', place: { line: 2, column: 5 } }]);
  const written = `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
  expect(read(`b: "x${written}y"\n`).value).toEqual({ b: `x${char}y` });
});

test('no more of a file is read than it may have', () => {
  expect(read(Buffer.alloc(8 * 1024 * 1024, 'a: 1\n')).problems).toMatchObject([{ code: 'yaml-too-large' }]);
});

import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isObject } from '../../src/files/json.ts';
import {
  lineText,
  openLine,
  openSealed,
  openSummed,
  readSealed,
  sealedJson,
  sealedLine,
  summedLine,
  writeSealed,
} from '../../src/files/sealed.ts';
import { emptyFolder } from '../rig.ts';

const value = { format: 2, text: 'größer "quoted"', list: [1, -0.5e-7], inner: { seal: 'its own', empty: {} } };

/** Each text with one byte changed in each bit, lost, or set to zero, and each beginning of it. */
function* damages(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 1) {
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at + 1)];
    for (let bit = 0; bit < 8; bit += 1) yield Buffer.concat([before, Buffer.of((bytes[at] ?? 0) ^ (1 << bit)), after]);
    for (const other of [Buffer.of(0), Buffer.of(), Buffer.from('  ')]) yield Buffer.concat([before, other, after]);
    yield before;
  }
}

/** How many damages of a text are not found. */
function unfound(text: string, open: (bytes: Buffer) => unknown): number {
  return [...damages(Buffer.from(text))].filter((bytes) => open(bytes) !== undefined).length;
}

describe('sealed JSON', () => {
  test('is JSON that says what was written, and its seal', () => {
    const text = sealedJson(value);
    expect(JSON.parse(text)).toEqual({ ...value, seal: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(openSealed(Buffer.from(text), isObject)).toEqual(value);
    expect(() => sealedJson({ seal: 1 })).toThrow('seal');
  });

  test('gives back any object', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue(), { maxKeys: 4 }), (one) => {
        fc.pre(!('seal' in one));
        const written = JSON.parse(JSON.stringify(one)) as object;
        expect(openSealed(Buffer.from(sealedJson(one)), isObject)).toEqual(written);
        if (Object.keys(one).length > 0) expect(openLine(sealedLine(JSON.stringify(one)), isObject)).toEqual(written);
      }),
      { numRuns: 20 },
    );
  });

  test('is nothing wherever a byte of it is changed or missing', () => {
    expect(unfound(sealedJson(value), (bytes) => openSealed(bytes, isObject))).toBe(0);
    const former = (one: object): string => JSON.stringify(one);
    expect(unfound(sealedJson(value), (bytes) => openSealed(bytes, isObject, former))).toBe(0);
    expect(unfound(sealedLine(JSON.stringify(value)), (bytes) => openLine(bytes.toString('utf8'), isObject))).toBe(0);
    expect(unfound(summedLine('a stamp'), (bytes) => openSummed(bytes.toString('utf8')))).toBe(0);
  });

  test('without a seal counts only as a former Stillroom wrote it', () => {
    const former = (one: Readonly<Record<string, unknown>>): string | undefined => (one['format'] === 1 ? JSON.stringify(one) : undefined);
    const open = (text: string): unknown => openSealed(Buffer.from(text), isObject, former);
    expect(open('{"format":1,"a":2}')).toEqual({ format: 1, a: 2 });
    for (const text of ['{"format":2,"a":2}', '{"format":1, "a":2}', '{"format":1,"a":2}\n', '{"format":1,"a":2,"a":3}', '']) {
      expect(open(text)).toBeUndefined();
    }
    expect(openSealed(Buffer.from('{"format":1,"a":2}'), isObject)).toBeUndefined();
  });

  test('in lines gives back the text that was sealed', () => {
    expect(lineText(sealedLine('{"a":1}'))).toBe('{"a":1}');
    expect(lineText('{"a":1}')).toBeUndefined();
    expect(openSummed(summedLine('a b c'))).toBe('a b c');
    expect(openSummed('a b c')).toBeUndefined();
  });
});

test('a file is read whatever lies there, and nothing that is not sealed', () => {
  const folder = emptyFolder();
  writeSealed(join(folder, 'new/a.json'), value);
  expect(readSealed(join(folder, 'new/a.json'), isObject)).toEqual(value);
  expect(readFileSync(join(folder, 'new/a.json'), 'utf8')).toBe(sealedJson(value));
  mkdirSync(join(folder, 'folder'));
  symlinkSync('nowhere', join(folder, 'dangling'));
  symlinkSync('round', join(folder, 'round'));
  writeFileSync(join(folder, 'empty'), '');
  for (const name of ['no', 'folder', 'dangling', 'round', 'empty', 'empty/below'])
    expect(readSealed(join(folder, name), isObject)).toBeUndefined();
});

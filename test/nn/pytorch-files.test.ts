import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { bytesInMemory, WeightsError } from '../../src/nn/weights/bytes.ts';
import { readWeights } from '../../src/nn/weights/pretrained.ts';
import { readPytorch } from '../../src/nn/weights/pytorch.ts';
import { decodeSafetensors, encodeSafetensors } from '../../src/nn/weights/safetensors.ts';
import type { Weights } from '../../src/nn/weights/tensor.ts';
import { elements } from '../../src/nn/weights/tensor.ts';
import { fixture } from './rig.ts';

/** What fixtures/pickles.py wrote. */
interface Files {
  readonly good: readonly {
    readonly name: string;
    readonly tensors: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: readonly (number | string)[] }>>;
    readonly file: string;
  }[];
  readonly refused: readonly { readonly name: string; readonly message: string; readonly file: string }[];
}

const { good, refused } = fixture<Files>('pickles');
const folder = mkdtempSync(join(tmpdir(), 'stillroom-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

function bytesOf({ file }: { readonly file: string }): Buffer {
  return inflateSync(Buffer.from(file, 'base64'));
}

function fileOf(item: { readonly file: string }): string {
  const path = join(folder, 'weights.pth');
  writeFileSync(path, bytesOf(item));
  return path;
}

function named(name: string): Buffer {
  return bytesOf(good.find((item) => item.name === name) as Files['good'][number]);
}

test.each(good)('the file “$name” has the tensors that torch saved, in its order', (item) => {
  const { tensors } = readWeights(fileOf(item));
  expect([...tensors.keys()]).toEqual(Object.keys(item.tensors));
  for (const [name, { shape, data }] of Object.entries(item.tensors)) {
    expect({ name, shape: tensors.get(name)?.shape }).toEqual({ name, shape });
    expect({ name, data: [...(tensors.get(name)?.data ?? [])] }).toEqual({ name, data: data.map(Number) });
  }
});

test('of a checkpoint the weights are taken, averaged ones first', () => {
  expect(readPytorch(bytesInMemory(named('zip'))).part).toBeUndefined();
  expect(readPytorch(bytesInMemory(named('nested'))).part).toBe('state_dict');
  expect(readPytorch(bytesInMemory(named('averaged'))).part).toBe('state_dict_ema');
});

test.each(refused)('refused with its reason: $name', (item) => {
  const read = (): unknown => readWeights(fileOf(item));
  expect(read).toThrow(WeightsError);
  expect(read).toThrow(item.message);
  expect(read).toThrow(/^weights\.pth: /);
});

/** What comes of reading damaged bytes: the tensors, or nothing if they are refused. Anything but a `WeightsError` fails. */
function read(bytes: Uint8Array, reader: (bytes: Uint8Array) => Weights): Weights | undefined {
  try {
    return reader(bytes);
  } catch (error) {
    if (error instanceof WeightsError) return undefined;
    throw error;
  }
}

const pytorch = (bytes: Uint8Array): Weights => readPytorch(bytesInMemory(bytes)).tensors;

describe('damaged files', () => {
  const files = [
    { name: 'zip', bytes: named('zip'), reader: pytorch },
    { name: 'views', bytes: named('views'), reader: pytorch },
    { name: 'legacy', bytes: named('legacy'), reader: pytorch },
    { name: 'safetensors', bytes: named('safetensors'), reader: decodeSafetensors },
  ];
  const flips = fc.array(fc.record({ place: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), byte: fc.nat(255) }), {
    minLength: 1,
    maxLength: 4,
  });

  test.each(files)('$name: changed bytes give tensors or are refused', ({ name, bytes, reader }) => {
    const whole = reader(bytes);
    fc.assert(
      fc.property(flips, (changes) => {
        const changed = Buffer.from(bytes);
        for (const { place, byte } of changes) changed[Math.floor(place * changed.length)] = byte;
        const tensors = read(changed, reader);
        if (tensors === undefined) return;
        // Zip archives have checksums of all that matters, so what can be read is what was written.
        if (name === 'zip' || name === 'views') expect(tensors).toEqual(whole);
        for (const { shape, data } of tensors.values()) expect(data).toHaveLength(elements(shape));
      }),
      { numRuns: 400 },
    );
  });

  test.each(files)('$name: a file that is cut off is refused', ({ bytes, reader }) => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), (length) => {
        expect(read(bytes.subarray(0, length), reader)).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });
});

test('a file of the older form whose pickle is long is read', () => {
  const bytes = named('legacy');
  const at = bytes.indexOf('ccollections\nOrderedDict');
  const length = 3 * 1024 * 1024;
  const text = Buffer.alloc(5 + length + 1, 'x');
  text.write('X');
  text.writeUInt32LE(length, 1);
  text.write('0', 5 + length);
  expect(pytorch(Buffer.concat([bytes.subarray(0, at), text, bytes.subarray(at)]))).toEqual(pytorch(bytes));
});

test('whatever a pickle says, it is read or refused', () => {
  const older = bytesOf(refused.find(({ name }) => name === 'os.system in the older form') as Files['refused'][number]);
  const start = older.subarray(0, older.indexOf('cos\nsystem'));
  const words = [
    ...'()taesuNQRb0]}.',
    ...[
      '\x85',
      '\x86',
      '\x87',
      '\x88',
      '\x89',
      '\x93',
      '\x94',
      '\x80\x02',
      'K\x01',
      'K\x02',
      'J\xff\xff\xff\xff',
      'q\x00',
      'h\x00',
      'h\x01',
    ],
    ...['X\x07\x00\x00\x00storage', '\x8c\x010', '\x8a\x09\xff\xff\xff\xff\xff\xff\xff\xff\x7f', 'G\x7f\xf0\x00\x00\x00\x00\x00\x00'],
    ...['ctorch\nFloatStorage\n', 'ccollections\nOrderedDict\n', 'ctorch._utils\n_rebuild_tensor_v2\n', 'cos\nsystem\n'],
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...words), { maxLength: 60 }), (said) => {
      read(Buffer.concat([start, Buffer.from(said.join(''), 'latin1'), Buffer.from('.')]), pytorch);
    }),
    { numRuns: 3000 },
  );
  const nested = Buffer.concat([start, Buffer.from(`${']'.repeat(200_000)}${'a'.repeat(199_999)}q\x00h\x00\x93.`, 'latin1')]);
  expect(read(nested, pytorch)).toBeUndefined();
});

test('safetensors whose tensors overlap, leave gaps or are of unknown types are refused', () => {
  const broken = (header: unknown, length: number): Uint8Array => {
    const text = Buffer.from(JSON.stringify(header));
    const start = Buffer.alloc(8);
    start.writeBigUInt64LE(BigInt(text.length));
    return Buffer.concat([start, text, Buffer.alloc(length)]);
  };
  const at = (from: number, to: number, dtype = 'F32'): unknown => ({ dtype, shape: [(to - from) / 4], data_offsets: [from, to] });
  expect([...decodeSafetensors(broken({ b: at(8, 16), a: at(0, 8) }, 16)).keys()]).toEqual(['b', 'a']);
  expect(() => decodeSafetensors(broken({ a: at(0, 8), b: at(4, 12) }, 12))).toThrow('"b" does not begin where another ends');
  expect(() => decodeSafetensors(broken({ a: at(0, 8), b: at(12, 16) }, 16))).toThrow('"b" does not begin where another ends');
  expect(() => decodeSafetensors(broken({ a: at(0, 8) }, 12))).toThrow('something follows its last tensor');
  expect(() => decodeSafetensors(broken({ a: at(0, 8, 'F8_E4M3') }, 8))).toThrow('of the type F8_E4M3');
  expect(() => decodeSafetensors(broken({ a: { dtype: 'F32', shape: [-1], data_offsets: [0, 4] } }, 4))).toThrow(
    'broken at the tensor "a"',
  );
  expect(() => decodeSafetensors(broken({ a: null }, 4))).toThrow('broken at the tensor "a"');
  expect(() => decodeSafetensors(broken([], 4))).toThrow(WeightsError);
  expect(encodeSafetensors(new Map())).toHaveLength(16);
});

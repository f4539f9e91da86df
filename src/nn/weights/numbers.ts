/** How the numbers of a stored tensor are written, by safetensors' names. All are little-endian. */
export type NumberType = 'F64' | 'F32' | 'F16' | 'BF16' | 'I64' | 'I32' | 'I16' | 'I8' | 'U8' | 'BOOL';

/** The bytes that a number of each type takes. */
export const bytesOfNumber: Readonly<Record<NumberType, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

/** Stored numbers as 32-bit floats, rounded to the nearest where they are finer. F32 is not copied: the result lies in the same memory. */
export function toFloats(type: NumberType, bytes: Buffer): Float32Array {
  const count = bytes.length / bytesOfNumber[type];
  if (type === 'F32' && bytes.byteOffset % 4 === 0) return new Float32Array(bytes.buffer, bytes.byteOffset, count);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const number = readers[type];
  const floats = new Float32Array(count);
  for (let index = 0; index < count; index++) floats[index] = number(view, index);
  return floats;
}

const readers: Readonly<Record<NumberType, (view: DataView, index: number) => number>> = {
  F64: (view, index) => view.getFloat64(8 * index, true),
  F32: (view, index) => view.getFloat32(4 * index, true),
  F16: (view, index) => halfToNumber(view.getUint16(2 * index, true)),
  BF16: (view, index) => {
    scratch.setUint32(0, view.getUint16(2 * index, true) << 16);
    return scratch.getFloat32(0);
  },
  I64: (view, index) => Number(view.getBigInt64(8 * index, true)),
  I32: (view, index) => view.getInt32(4 * index, true),
  I16: (view, index) => view.getInt16(2 * index, true),
  I8: (view, index) => view.getInt8(index),
  U8: (view, index) => view.getUint8(index),
  BOOL: (view, index) => (view.getUint8(index) === 0 ? 0 : 1),
};

/** Where the bits of a bfloat16, which are the upper half of a float32's, are turned into a number. */
const scratch = /* @__PURE__ */ new DataView(/* @__PURE__ */ new ArrayBuffer(4));

/** IEEE 754 binary16: a sign, 5 bits of exponent, 10 bits of fraction. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Bits of IEEE 754 binary16, each rounded to the nearest, and of two equally near ones to the even one. Above 65504 lies infinity. */
export function toFloat16(values: Float32Array): Uint16Array {
  return Uint16Array.from(values, (value) => {
    const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
    const size = Math.abs(value);
    if (Number.isNaN(size)) return 0x7e00;
    if (size >= 65_520) return sign | 0x7c00;
    scratch.setFloat32(0, size);
    const exponent = Math.max((scratch.getUint32(0) >>> 23) - 127, -14);
    const steps = size * 2 ** (10 - exponent);
    const nearest = Math.round(steps);
    const even = steps % 1 === 0.5 && nearest % 2 === 1 ? nearest - 1 : nearest;
    // A fraction that is rounded up to the next power of two carries into the exponent by itself.
    return sign | (((exponent + 14) << 10) + even);
  });
}

/** The upper halves of float32 numbers, each rounded to the nearest, and of two equally near ones to the even one. */
export function toBfloat16(values: Float32Array): Uint16Array {
  const wholes = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Uint16Array.from(wholes, (whole) => (whole + 0x7fff + ((whole >>> 16) & 1)) >>> 16);
}

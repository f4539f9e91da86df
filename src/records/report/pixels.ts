/** How many pixels a picture says that it has; undefined where its head does not say it. A small file may say very many, and a browser believes it. */
export function pixelsOf(bytes: Uint8Array, type: string): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (type === 'image/png') return bytes.length < 24 ? undefined : view.getUint32(16) * view.getUint32(20);
  if (type === 'image/gif') return bytes.length < 10 ? undefined : view.getUint16(6, true) * view.getUint16(8, true);
  return type === 'image/jpeg' ? pixelsOfJpeg(bytes, view) : undefined;
}

/** Markers of JPEG that begin a frame (ITU-T T.81, table B.1), and those that stand alone. */
const isFrame = (marker: number): boolean => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
const isAlone = (marker: number): boolean => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);

function pixelsOfJpeg(bytes: Uint8Array, view: DataView): number | undefined {
  for (let at = 2; at + 9 <= bytes.length; ) {
    const marker = bytes[at + 1] ?? 0;
    if (bytes[at] !== 0xff) return undefined;
    if (isFrame(marker)) return view.getUint16(at + 5) * view.getUint16(at + 7);
    at += isAlone(marker) ? 2 : marker === 0xff ? 1 : 2 + view.getUint16(at + 2);
  }
  return undefined;
}

import { isUtf8 } from 'node:buffer';

/** What a text file holds that cannot be read as one: the message says what and where, the hint what to do. It is known by its name. */
export class TextProblem extends Error {
  override readonly name = 'TextProblem';
  readonly hint: string;
  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

const LINE_FEED = 10;
const RETURN = 13;

/** Bytes that are looked at to tell what a file is. */
const SAMPLE = 4096;

/** The encodings that a mark at the very beginning names; those of four bytes before those of two that begin alike. */
const marks: readonly (readonly [encoding: string, mark: readonly number[]])[] = [
  ['utf-32', [0xff, 0xfe, 0, 0]],
  ['utf-32', [0, 0, 0xfe, 0xff]],
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
];

/** UTF-16 without a mark: of western text every other byte is zero. */
function unmarkedUtf16(bytes: Uint8Array): string | undefined {
  const sample = bytes.subarray(0, SAMPLE);
  let [even, odd] = [0, 0];
  sample.forEach((byte, index) => {
    if (byte !== 0) return;
    if (index % 2 === 0) even += 1;
    else odd += 1;
  });
  const most = 0.3 * (sample.length / 2);
  if (odd > most && even === 0) return 'utf-16le';
  return even > most && odd === 0 ? 'utf-16be' : undefined;
}

/** The first line that is no UTF-8, counted from 1, with its first byte that is above ASCII. */
function firstForeignLine(bytes: Uint8Array): { readonly line: number; readonly byte: number } {
  let [line, start] = [1, 0];
  for (let at = 0; at <= bytes.length; at += 1) {
    const isReturn = bytes[at] === RETURN && bytes[at + 1] !== LINE_FEED;
    if (at < bytes.length && bytes[at] !== LINE_FEED && !isReturn) continue;
    const own = bytes.subarray(start, at);
    if (!isUtf8(own)) return { line, byte: own.find((byte) => byte > 0x7f) ?? 0 };
    [line, start] = [line + 1, at + 1];
  }
  return { line, byte: 0 };
}

/**
 * The text of a file: UTF-8 or UTF-16, with or without a mark; line ends become `\n`. Bytes of other encodings are never guessed, nor
 * replaced: two names could become one.
 * @param name as messages name the file
 * @throws TextProblem that names the line and says how to convert the file
 */
export function decodeText(bytes: Uint8Array, name: string): string {
  if (bytes[0] === 0x50 && bytes[1] === 0x4b && (bytes[2] ?? 0xff) < 8)
    throw new TextProblem(
      `${name} is a spreadsheet or another packed file, not text`,
      'save it as CSV (UTF-8) in the program that made it',
    );
  const marked = marks.find(([, mark]) => mark.every((byte, index) => bytes[index] === byte))?.[0];
  const encoding = marked ?? unmarkedUtf16(bytes) ?? 'utf-8';
  const converted = (from: string): string => `convert it: iconv -f ${from} -t UTF-8 ${name} > converted.csv`;
  if (encoding === 'utf-32') throw new TextProblem(`${name} is in UTF-32`, converted('UTF-32'));
  if (encoding === 'utf-8' && !isUtf8(bytes)) {
    const { line, byte } = firstForeignLine(bytes);
    const shown = byte.toString(16).toUpperCase();
    throw new TextProblem(
      `${name}, line ${line}: the byte 0x${shown} is not UTF-8; the file is probably in Windows-1252 or Latin-1`,
      converted('WINDOWS-1252'),
    );
  }
  let text: string;
  try {
    text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new TextProblem(`${name} is not whole ${encoding.toUpperCase()}: it is cut off or damaged`, 'save it again as CSV (UTF-8)');
  }
  const lines = text.replace(/\r\n?/g, '\n');
  const zero = lines.indexOf('\0');
  if (zero >= 0) {
    const line = lines.slice(0, zero).split('\n').length;
    throw new TextProblem(`${name}, line ${line}: a zero byte, so it is not text`, 'give a CSV file');
  }
  return lines;
}

import { closeSync, openSync, readSync } from 'node:fs';
import { readYaml, refusedYaml, type YamlText } from './document.ts';
import { LARGEST_FILE } from './nesting.ts';

/** What no YAML file holds as it is: it would be lost, or reach a terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it finds
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]/;

/** Bytes of a file, one more than a file may have at most. */
function bytesOf(path: string): Buffer {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.allocUnsafe(4 * LARGEST_FILE + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length < bytes.length; length += read)
      read = readSync(file, bytes, length, bytes.length - length, null);
    // A copy, so that what is remembered of a small file is small.
    return Buffer.from(bytes.subarray(0, length));
  } finally {
    closeSync(file);
  }
}

/** The place in a decoded text of the first byte that is no UTF-8, and that byte; undefined: there is none. */
function firstBadByte(bytes: Buffer, text: string): { readonly offset: number; readonly byte: number } | undefined {
  let [from, length] = [0, 0];
  for (let at = text.indexOf('\uFFFD'); at !== -1; at = text.indexOf('\uFFFD', from)) {
    length += Buffer.byteLength(text.slice(from, at));
    // The character that stands for bad bytes may also be written itself.
    if (bytes.toString('latin1', length, length + 3) !== '\xef\xbf\xbd') return { offset: at, byte: bytes[length] ?? 0 };
    [from, length] = [at + 1, length + 3];
  }
  return undefined;
}

/** What was read last, by the name of the file: a sweep reads its files for each variant. */
const last = new Map<string, { readonly bytes: Buffer; readonly text: YamlText }>();

/** So many files are remembered. */
const REMEMBERED = 8;

/**
 * Reads a YAML file, named in messages as `shownFile`: what is no text is a problem with the place of its first wrong byte. Where the file
 * holds the very bytes that it held when it was read last, what was made of them is given again: nobody changes it.
 */
export function readYamlFile(path: string, shownFile: string): YamlText {
  const bytes = bytesOf(path);
  const before = last.get(shownFile);
  if (before?.bytes.equals(bytes) === true) return before.text;
  const decoded = decodedText(bytes, shownFile);
  const text = typeof decoded === 'string' ? readYaml(shownFile, decoded) : decoded;
  if (last.size >= REMEMBERED) last.clear();
  last.set(shownFile, { bytes, text });
  return text;
}

/** Reads a file that is text of another kind; what is no text is refused as by `readYamlFile`. */
export function readText(path: string, shownFile: string): string | YamlText {
  return decodedText(bytesOf(path), shownFile);
}

/** The text of bytes, or why they are none. */
function decodedText(bytes: Buffer, shownFile: string): string | YamlText {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    return refusedYaml(shownFile, '', { code: 'yaml-syntax', message: 'the file is UTF-16', offset: 0, hint: 'save it as UTF-8' });
  const text = bytes.toString('utf8');
  const bad = firstBadByte(bytes, text);
  if (bad !== undefined) {
    const message = `the byte 0x${bad.byte.toString(16)} is no UTF-8`;
    return refusedYaml(shownFile, text, { code: 'yaml-syntax', message, offset: bad.offset, hint: 'save the file as UTF-8' });
  }
  const control = CONTROL.exec(text);
  if (control !== null) {
    const message = `a control character (U+${control[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}) stands in the file`;
    const hint = 'remove it, or write it as an escape between double quotes: "\\x1b"';
    return refusedYaml(shownFile, text, { code: 'yaml-syntax', message, offset: control.index, hint });
  }
  return text;
}

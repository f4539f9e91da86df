import { createHash } from 'node:crypto';
import { ifPossible, writeDurably, writeDurablyBeside, writeWhole } from './durable.ts';
import { parseJson } from './json.ts';
import { withPath } from './with-path.ts';
import { NO_PLAIN_FILE, readPlain } from './plain.ts';

// A sealed text is that of a JSON object whose last member, `seal`, is the SHA-256 of the text as it would be with an empty seal. So a
// changed, lost or added byte anywhere in it is found before anything of it is used, and people and programs read it as any JSON.

/** What comes after the seal in a file. No JSON without a seal is laid out like this, so a broken seal makes none. */
const FILE_END = '"}\n';

/** Characters of the seal of a file, and of that of a line, of which there are many. */
const SEAL = { file: 64, line: 16 };

/** Bytes of the sum of a file. */
const SUM = 32;

/** What comes before the seal in a line. */
const SEAL_NAME = ',"seal":"';

function sealOf(before: string | Uint8Array, after: string | Uint8Array, characters: number): string {
  return createHash('sha256').update(before).update(after).digest('hex').slice(0, characters);
}

/** How sealed JSON is laid out: each member on a line of its own, for people; or without any space, where there are very many. */
export type Layout = 'lines' | 'compact';

/** An object as sealed JSON. */
export function sealedJson(value: object, layout: Layout = 'lines'): string {
  if ('seal' in value) throw new Error('what is sealed may have no member "seal" of its own');
  const text = JSON.stringify({ ...value, seal: '' }, null, layout === 'lines' ? 1 : 0);
  const before = text.slice(0, text.lastIndexOf('"'));
  return `${before}${sealOf(before, FILE_END, SEAL.file)}${FILE_END}`;
}

/** One line of JSON, that of an object with members, with a seal. */
export function sealedLine(json: string): string {
  const before = `${json.slice(0, -1)}${SEAL_NAME}`;
  return `${before}${sealOf(before, '"}', SEAL.line)}"}`;
}

/** What a text says beside its seal; undefined where it is no JSON or not of the shape. */
function unsealed<Value>(text: string, isShape: (value: unknown) => value is Value): Value | undefined {
  const value = parseJson(text, (one): one is object => one !== null && typeof one === 'object');
  if (value === undefined) return undefined;
  const { seal: _seal, ...rest } = value as { readonly seal?: unknown };
  return isShape(rest) ? rest : undefined;
}

/** The JSON of a sealed line without its seal; undefined where that is broken or missing. */
export function lineText(line: string): string | undefined {
  const before = line.slice(0, -SEAL.line - 2);
  const rest = before.endsWith(SEAL_NAME) ? before.slice(0, -SEAL_NAME.length) : undefined;
  return rest === undefined || sealedLine(`${rest}}`) !== line ? undefined : `${rest}}`;
}

/** The object that a sealed line holds; undefined where its seal is broken or missing, or the object is not of the shape. */
export function openLine<Value>(line: string, isShape: (value: unknown) => value is Value): Value | undefined {
  const text = lineText(line);
  return text === undefined ? undefined : parseJson(text, isShape);
}

/** What a former Stillroom, which sealed nothing, would have written for an object; undefined: it wrote no such. */
export type FormerText = (value: Readonly<Record<string, unknown>>) => string | undefined;

/**
 * The object in sealed JSON; undefined where the seal is broken or missing, or the object is not of the shape. Without a seal a text counts
 * only if it is, to the byte, what a former Stillroom wrote for what it says.
 */
export function openSealed<Value>(bytes: Uint8Array, isShape: (value: unknown) => value is Value, former?: FormerText): Value | undefined {
  const text = Buffer.from(bytes).toString('utf8');
  const before = bytes.subarray(0, -SEAL.file - FILE_END.length);
  const isWhole = text.endsWith(sealOf(before, FILE_END, SEAL.file) + FILE_END);
  if (isWhole) return unsealed(text, isShape);
  const value = former === undefined ? undefined : parseJson(text, isShape);
  const isFormer = value !== undefined && former?.(value as Readonly<Record<string, unknown>>) === text;
  return isFormer ? value : undefined;
}

/** Why a path is that of no file. */
const NO_FILE: readonly (string | undefined)[] = ['ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP', NO_PLAIN_FILE];

/**
 * The object in a file of sealed JSON; undefined where there is no such file, it is damaged, or not of the shape. Callers treat all of these
 * as missing. Throws where the file cannot be read at all.
 */
export function readSealed<Value>(path: string, isShape: (value: unknown) => value is Value, former?: FormerText): Value | undefined {
  const bytes = readBytes(path);
  return bytes === undefined ? undefined : openSealed(bytes, isShape, former);
}

/** A file's bytes; undefined where there is no file. Throws where it cannot be read. */
export function readBytes(path: string): Buffer | undefined {
  try {
    return withPath(path, () => readPlain(path));
  } catch (error) {
    if (NO_FILE.includes((error as NodeJS.ErrnoException).code)) return undefined;
    throw error;
  }
}

/** A file's text; undefined where there is no file. Throws where it cannot be read. */
export function readText(path: string): string | undefined {
  return readBytes(path)?.toString('utf8');
}

/** Writes an object as sealed JSON that outlives a power cut. */
export function writeSealed(path: string, value: object, layout: Layout = 'lines'): void {
  writeDurably(path, sealedJson(value, layout));
}

/** The same while this thread goes on, until it is on the disk. */
export function writeSealedBeside(path: string, value: object, layout: Layout = 'lines'): Promise<void> {
  return writeDurablyBeside(path, sealedJson(value, layout));
}

/**
 * Writes an object that can be made again as sealed JSON: it is seen whole or not at all, but a power cut may lose or damage it, and where the
 * system refuses it there is none.
 */
export function writeSealedNote(path: string, value: object, layout: Layout = 'lines'): void {
  ifPossible(() => writeWhole(path, sealedJson(value, layout)));
}

/** A line of plain text with its sum at the end, for notes of which there are too many for JSON. */
export function summedLine(text: string): string {
  return `${text} ${sealOf(text, '', SEAL.line)}`;
}

/** The text of a line with a sum; undefined where they do not fit. */
export function openSummed(line: string): string | undefined {
  const cut = line.length - SEAL.line - 1;
  const text = line.slice(0, cut);
  return cut > 0 && line[cut] === ' ' && sealOf(text, '', SEAL.line) === line.slice(cut + 1) ? text : undefined;
}

/** Bytes in a file with their sum before them, for notes of which the parts are too many for lines; undefined where there are none or they are damaged. */
export function readSummed(path: string): Buffer | undefined {
  const bytes = readBytes(path);
  const rest = bytes?.subarray(SUM);
  return bytes !== undefined && rest !== undefined && createHash('sha256').update(rest).digest().equals(bytes.subarray(0, SUM))
    ? rest
    : undefined;
}

/** Writes parts of bytes as a file with a sum. Like a sealed note it can be made again: a power cut may lose it, and where the system refuses it there is none. */
export function writeSummedNote(path: string, parts: readonly Uint8Array[]): void {
  const bytes = Buffer.concat(parts);
  ifPossible(() => writeWhole(path, Buffer.concat([createHash('sha256').update(bytes).digest(), bytes])));
}

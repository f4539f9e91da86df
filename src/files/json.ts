import { NO_PLAIN_FILE, readPlain } from './plain.ts';
import { withPath } from './with-path.ts';

/** Whether a value is a JSON object: neither a list nor null. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** A value from JSON; undefined where the text is no JSON, or the value is not of the shape. */
export function parseJson<Value>(text: string, isShape: (value: unknown) => value is Value): Value | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isShape(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What stands for NaN while JSON is parsed that does not know it: no program writes such a text. */
const NOT_A_NUMBER = '\u0000NaN';

const EXTENDED: Readonly<Record<string, string>> = { NaN: JSON.stringify(NOT_A_NUMBER), Infinity: '1e999', '-Infinity': '-1e999' };

/** A value from JSON that may have the numbers which Python writes though JSON has none of them, NaN and Infinity; undefined: it is no JSON. */
export function parseExtendedJson(text: string): unknown {
  const value = parseJson(text, (one): one is unknown => one !== undefined);
  if (value !== undefined) return value;
  const plain = text.replaceAll(/"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g, (found) => EXTENDED[found] ?? found);
  try {
    return JSON.parse(plain, (_, one: unknown) => (one === NOT_A_NUMBER ? Number.NaN : one));
  } catch {
    return undefined;
  }
}

/**
 * A value from a file of JSON that a crash, a power cut or another program may have damaged; undefined where it is missing, no JSON or not
 * of the shape. Callers treat all of these as missing. Throws where the file cannot be read at all.
 */
export function readJson<Value>(path: string, isShape: (value: unknown) => value is Value): Value | undefined {
  let text: string;
  try {
    text = withPath(path, () => readPlain(path).toString('utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === NO_PLAIN_FILE) return undefined;
    throw error;
  }
  return parseJson(text, isShape);
}

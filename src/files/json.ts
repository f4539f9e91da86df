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

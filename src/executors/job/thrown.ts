import { shortenCounted } from '../../text/shorten.ts';
import { inspect } from 'node:util';

/** Letters of a message that are told; all of it is in the log. */
const LONGEST = 2000;

/** Causes that are followed. */
const DEEPEST = 8;

/** A member of something thrown; undefined where it has none, or reading it throws. */
export function memberOf(thrown: unknown, name: string): unknown {
  try {
    return thrown === null || typeof thrown !== 'object' ? undefined : (thrown as Readonly<Record<string, unknown>>)[name];
  } catch {
    return undefined;
  }
}

function reasonOf(thrown: unknown, depth: number): string {
  if (typeof thrown === 'string') return thrown;
  if (!(thrown instanceof Error)) return `${inspect(thrown, { depth: 2, breakLength: Number.POSITIVE_INFINITY })} was thrown`;
  const message = memberOf(thrown, 'message');
  const own = typeof message === 'string' && message !== '' ? message : thrown.name;
  if (depth === DEEPEST) return own;
  const errors = memberOf(thrown, 'errors');
  const inner = Array.isArray(errors) ? errors.slice(0, 5).map((one) => reasonOf(one, depth + 1)) : [];
  const cause = memberOf(thrown, 'cause');
  const causes = [...(inner.length > 0 ? [inner.join('; ')] : []), ...(cause === undefined ? [] : [reasonOf(cause, depth + 1)])];
  return [own, ...causes.filter((one) => one !== own)].join(': ');
}

/** What was thrown, in one sentence: an error's message with its causes and the errors that it gathers, or any other value as it is. `clean` takes out what must not be cut in the middle: secrets. */
export function thrownReason(thrown: unknown, clean: (text: string) => string = (text) => text): string {
  return shortenCounted(clean(reasonOf(thrown, 0)), LONGEST);
}

/** What was thrown, for a log: stacks, causes and members. */
export function thrownText(thrown: unknown): string {
  return inspect(thrown, { depth: 4 });
}

/** How esbuild, Node's CommonJS and its file system say that something is not where a package looks for it: beside its own code. */
const NOT_BESIDE = /^(?:__dirname|__filename) is not defined|^Module not found in bundle:/;

/** What to do about an error that comes of code being bundled; undefined: this one does not. `code` is the bundle’s folder. */
export function bundlingHint(thrown: unknown, code: string): string | undefined {
  const path = memberOf(thrown, 'path');
  const misses = memberOf(thrown, 'code') === 'ENOENT' && typeof path === 'string' && path.startsWith(`${code}/`);
  const message = memberOf(thrown, 'message');
  return misses || (typeof message === 'string' && NOT_BESIDE.test(message))
    ? 'code is bundled into one file, so a package finds neither files nor modules beside its own: import what it looks for, or pass it in'
    : undefined;
}

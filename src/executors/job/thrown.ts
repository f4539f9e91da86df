import { shortenCounted } from '../../text/shorten.ts';
import { inspect } from 'node:util';
import type { CodePlace } from './protocol.ts';

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

/** Where the project's own code threw something: the first place of its stack below the bundle's folder that is in no package. */
export function thrownAt(thrown: unknown, code: string): CodePlace | undefined {
  const stack = memberOf(thrown, 'stack');
  if (typeof stack !== 'string') return undefined;
  for (const line of stack.split('\n')) {
    const [, path = '', row, column] = /^\s+at (?:.*\()?(?:file:\/\/)?(\/.*?):(\d+):(\d+)\)?$/.exec(line) ?? [];
    if (!path.startsWith(`${code}/`) || path.includes('/node_modules/') || path.endsWith('/stage.mjs')) continue;
    return { file: path.slice(code.length + 1), line: Number(row), column: Number(column) };
  }
  return undefined;
}

/** Names that a value of the language may be asked for as a function. */
function methods(): string[] {
  const own = [
    Array.prototype,
    String.prototype,
    Map.prototype,
    Set.prototype,
    Promise.prototype,
    Number.prototype,
    Math,
    JSON,
    Object,
    Array,
  ];
  return [...new Set(own.flatMap((one) => Object.getOwnPropertyNames(one)))];
}

/** What to do about an error that a slip of the hand makes: a name that there is not, a file that is no input; undefined: this is none. */
export async function slipHint(thrown: unknown): Promise<string | undefined> {
  const [message, code, path] = ['message', 'code', 'path'].map((name) => memberOf(thrown, name));
  if (code === 'ENOENT' && typeof path === 'string') {
    const name = (/([^/]+?)(?:\.[^./]*)?$/.exec(path)?.[1] ?? '').toLowerCase().replaceAll(/[^a-z0-9]+/g, '_') || 'data';
    return `a stage sees only its inputs: declare inputs: { ${name}: 'file' } in stage.ts, connect it in the pipeline, and read inputs.${name}`;
  }
  if (!(thrown instanceof TypeError || thrown instanceof ReferenceError) || typeof message !== 'string') return undefined;
  const { nearest } = await import('../../text/suggestion.ts');
  const [, called] = /(?:^|\.)([\w$]+) is not a function$/.exec(message) ?? [];
  const near = called === undefined ? undefined : nearest(called, methods());
  if (near !== undefined && near !== called) return `did you mean "${near}"?`;
  const [, missing] = /^([\w$]+) is not defined$/.exec(message) ?? [];
  if (missing !== undefined) {
    const known = nearest(missing, Object.getOwnPropertyNames(globalThis));
    return known === undefined
      ? `declare "${missing}", or import it`
      : `did you mean "${known}"? if not, declare "${missing}", or import it`;
  }
  const [, of, member] = /^Cannot read properties of (undefined|null) \(reading '(.+)'\)$/.exec(message) ?? [];
  return member === undefined ? undefined : `what stands before ".${member}" there is ${of}`;
}

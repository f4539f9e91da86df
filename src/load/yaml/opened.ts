import { Lexer } from 'yaml';

/** A bracket, brace or quote that is not closed, or one that closes nothing. */
export interface Unpaired {
  readonly sign: string;
  readonly offset: number;
  /** What stands where it should be closed: another bracket, and where; undefined: it is never closed. */
  readonly instead?: { readonly sign: string; readonly offset: number };
}

const CLOSING: Readonly<Record<string, string>> = { '{': '}', '[': ']' };

/** How a quoted text looks that has its end. */
const CLOSED_QUOTE = /^(?:"(?:[^"\\]|\\[\s\S])*"|'(?:[^']|'')*')$/;

/** Tokens of the lexer that stand for no text: the begin of a scalar or of a document, and of a flow that ended too early. */
const MARKS = new Set(['\x02', '\x1f', '\x18']);

/**
 * The first bracket, brace or quote of a YAML text that has no partner, found on the lexer's tokens; and, asked of an offset, whether that lies
 * within brackets.
 */
export function unpaired(text: string, before: number = text.length): { readonly found?: Unpaired; readonly within: boolean } {
  const open: { readonly sign: string; readonly offset: number }[] = [];
  let offset = 0;
  let isScalar = false;
  let within = false;
  for (const token of new Lexer().lex(text)) {
    const top = open.at(-1);
    if (offset <= before) within = open.length > 0;
    if (token === '\x18' && top !== undefined) return { found: top, within };
    if (MARKS.has(token)) {
      isScalar = token === '\x1f';
      continue;
    }
    if (!isScalar && (token === '{' || token === '[')) open.push({ sign: token, offset });
    else if (!isScalar && (token === '}' || token === ']')) {
      if (top === undefined) return { found: { sign: token, offset }, within };
      if (CLOSING[top.sign] !== token) return { found: { ...top, instead: { sign: token, offset } }, within };
      open.pop();
    } else if (!isScalar && /^["']/.test(token) && !CLOSED_QUOTE.test(token)) return { found: { sign: token[0] ?? '', offset }, within };
    isScalar = false;
    offset += token.length;
  }
  const top = open.at(-1);
  return { ...(top === undefined ? {} : { found: top }), within };
}

import { Lexer } from 'yaml';

/** Characters of the largest file that is read. */
export const LARGEST_FILE: number = 1024 * 1024;
/** What the lexer tells apart: reading costs some microseconds for each, so more are refused. Some 8,000 written nodes are fewer. */
const MOST_TOKENS = 400_000;
/** Deeper documents are refused: the YAML parser recurses and can abort the process. */
const DEEPEST = 64;

/** Where and why a text may not be given to the YAML parser. */
export interface TooMuch {
  readonly message: string;
  readonly offset: number;
}

/**
 * Bounds a YAML text before it is parsed: its size, its parts, and its nesting, counted on the lexer's tokens, without recursion.
 * Block nesting is counted by columns: each key, dash or question mark further right than the last one opens a level.
 */
export function findTooMuch(text: string): TooMuch | undefined {
  if (text.length > LARGEST_FILE) return { message: 'the file is larger than 1 MiB', offset: 0 };
  const columns: number[] = [];
  let flow = 0;
  let offset = 0;
  let lineStart = 0;
  let tokens = 0;
  for (const token of new Lexer().lex(text)) {
    tokens += 1;
    if (tokens > MOST_TOKENS)
      return { message: `the file has more than ${MOST_TOKENS.toLocaleString('en')} words, signs and line ends`, offset };
    const mark = token[0];
    const column = offset - lineStart;
    if (token === '[' || token === '{') flow += 1;
    else if (token === ']' || token === '}') flow = Math.max(0, flow - 1);
    else if (flow === 0 && mark !== '\n' && mark !== ' ' && mark !== '#' && mark !== '\x02' && token !== ':' && mark !== '\r') {
      while (columns.length > 0 && (columns.at(-1) ?? 0) >= column) columns.pop();
      columns.push(column);
    }
    if (columns.length + flow > DEEPEST) return { message: `the document is nested deeper than ${DEEPEST} levels`, offset };
    offset += mark === '\x02' || mark === '\x1f' || mark === '\x18' ? 0 : token.length;
    const newline = token.lastIndexOf('\n');
    if (newline !== -1) lineStart = offset - (token.length - newline - 1);
  }
  return undefined;
}

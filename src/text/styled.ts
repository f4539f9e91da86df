import { printable, printableLine } from './printable.ts';
import { cutToWidth, widthOf } from './width.ts';

/** How a piece of text stands out where a terminal can show it. It never says what the words do not. */
export type Style = 'strong' | 'dim' | 'good' | 'bad' | 'warned' | 'accent';

/** A piece of text that stands out. */
export interface Styled {
  readonly text: string;
  readonly style: Style;
}

/** A line for a terminal, in pieces. */
export type Line = string | Styled | readonly Line[];

function styledAs(style: Style): (text: string) => Styled {
  return (text) => ({ text, style });
}

/** What is looked for first: a heading, a name. */
export const strong = styledAs('strong');
/** What is there to be complete. */
export const dim = styledAs('dim');
/** What came out well. */
export const good = styledAs('good');
/** What went wrong. */
export const bad = styledAs('bad');
/** What somebody should look at. */
export const warned = styledAs('warned');
/** What will happen or has changed. */
export const accent = styledAs('accent');

/** Select Graphic Rendition (ECMA-48): on, off. The sixteen colours that every terminal sets for its own background. */
const CODES: Readonly<Record<Style, readonly [number, number]>> = {
  strong: [1, 22],
  dim: [2, 22],
  good: [32, 39],
  bad: [31, 39],
  warned: [33, 39],
  accent: [36, 39],
};

function isPieces(line: Line): line is readonly Line[] {
  return Array.isArray(line);
}

/** The text alone. */
export function plainText(line: Line): string {
  if (typeof line === 'string') return line;
  return isPieces(line) ? line.map(plainText).join('') : line.text;
}

/** The text with what colours it. What it holds itself, a child's word or a name, moves and colours nothing. */
export function ansiText(line: Line): string {
  if (typeof line === 'string') return printable(line);
  if (isPieces(line)) return line.map(ansiText).join('');
  const [on, off] = CODES[line.style];
  return `\u001b[${on}m${printable(line.text)}\u001b[${off}m`;
}

/** The same pieces without what would begin a new line or move the cursor. */
export function inOneLine(line: Line): Line {
  if (typeof line === 'string') return line.replaceAll(/\p{Cc}+/gu, ' ');
  return isPieces(line) ? line.map(inOneLine) : { ...line, text: line.text.replaceAll(/\p{Cc}+/gu, ' ') };
}

/** The same pieces as a terminal is given them in one line: control characters are shown, and line ends are blanks. */
export function printableInOneLine(line: Line): Line {
  if (typeof line === 'string') return printableLine(line);
  return isPieces(line) ? line.map(printableInOneLine) : { ...line, text: printableLine(line.text) };
}

/** A line cut to so many columns of a terminal. */
export function cutLine(line: Line, width: number): Line {
  if (typeof line === 'string') return cutToWidth(line, width);
  if (!isPieces(line)) return { ...line, text: cutToWidth(line.text, width) };
  const kept: Line[] = [];
  let left = width;
  for (const piece of line) {
    const cut = cutLine(piece, left);
    kept.push(cut);
    const text = plainText(cut);
    if (text !== plainText(piece)) break;
    left -= widthOf(text);
  }
  return kept;
}

/** Whether an output shows colours: a terminal that knows them, unless `NO_COLOR` asks for none or `FORCE_COLOR` for them. */
export function showsColours(
  output: { readonly isTTY?: boolean | undefined },
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  const { NO_COLOR: none = '', FORCE_COLOR: forced = '', TERM: terminal } = environment;
  if (none !== '') return false;
  if (forced !== '') return forced !== '0';
  return output.isTTY === true && terminal !== 'dumb';
}

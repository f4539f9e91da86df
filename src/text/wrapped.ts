import { cutLine, inOneLine, type Line, plainText, type Style } from './styled.ts';
import { cutToWidth, widthOf } from './width.ts';

/** A stretch of text in one style. */
interface Stretch {
  readonly text: string;
  readonly style?: Style;
}

/** A word, which may change its style on its way, with the blanks before it. */
interface Word {
  readonly blanks: string;
  readonly stretches: readonly Stretch[];
}

function stretchesOf(line: Line): readonly Stretch[] {
  if (typeof line === 'string') return [{ text: line }];
  return 'style' in line ? [line] : line.flatMap(stretchesOf);
}

function wordsOf(line: Line): Word[] {
  const words: { blanks: string; stretches: Stretch[] }[] = [];
  let isOpen = false;
  for (const { text, ...style } of stretchesOf(line)) {
    for (const part of text.split(/( +)/)) {
      if (part === '') continue;
      const isBlank = part.startsWith(' ');
      if (isBlank || !isOpen) words.push({ blanks: isBlank ? part : '', stretches: isBlank ? [] : [{ text: part, ...style }] });
      else words.at(-1)?.stretches.push({ text: part, ...style });
      isOpen = true;
    }
  }
  return words.filter(({ stretches }) => stretches.length > 0);
}

function widthOfWord({ stretches }: Pick<Word, 'stretches'>): number {
  return stretches.reduce((sum, { text }) => sum + widthOf(text), 0);
}

function piece({ text, style }: Stretch): Line {
  return style === undefined ? text : { text, style };
}

/** A word that is wider than a line in pieces that are not. */
function piecesOf(word: Word, width: number): Word[] {
  if (widthOfWord(word) <= width) return [word];
  const pieces: Word[] = [];
  for (const { text, ...style } of word.stretches) {
    for (let rest = text; rest !== ''; ) {
      const cut = cutToWidth(rest, width) || rest;
      pieces.push({ blanks: pieces.length === 0 ? word.blanks : '', stretches: [{ text: cut, ...style }] });
      rest = rest.slice(cut.length);
    }
  }
  return pieces;
}

/** A line as lines of at most so many columns, broken between words, and within a word that is wider. */
export function wrapLine(line: Line, width: number): readonly Line[] {
  return wrapBelow(line, width, 0);
}

/** The same, with all lines but the first so many columns to the right; undefined: lines may be of any length. */
export function wrapBelow(line: Line, width: number | undefined, indent: number): readonly Line[] {
  if (width === undefined || widthOf(plainText(line)) <= width) return [line];
  const margin = Math.min(indent, Math.floor(width / 2));
  const lines: Line[][] = [[]];
  let taken = 0;
  for (const word of wordsOf(line).flatMap((one) => piecesOf(one, width - margin))) {
    const wide = widthOfWord(word);
    if (taken > 0 && taken + word.blanks.length + wide > width) {
      lines.push([' '.repeat(margin)]);
      taken = margin;
    }
    const blanks = taken === margin && lines.length > 1 ? '' : word.blanks;
    lines.at(-1)?.push(blanks, ...word.stretches.map(piece));
    taken += blanks.length + wide;
  }
  return lines;
}

/** How a table with wrapped cells is laid out. */
export interface WrappedLayout {
  /** The columns of the terminal; undefined: lines may be of any length. */
  readonly width: number | undefined;
  /** The columns that a column of the table takes at most, where its cells may be wrapped or stand out of line. */
  readonly most?: readonly (number | undefined)[];
  /** Whether a column stands to the right, as numbers do. */
  readonly isRight?: (column: number) => boolean;
}

/** The least columns that a column is made narrow to. */
const NARROWEST = 8;

/** The columns that each column gets: the widest give first. */
function sharesOf(natural: readonly number[], width: number | undefined): number[] {
  const shares = [...natural];
  if (width === undefined) return shares;
  const room = width - 2 * (shares.length - 1);
  for (;;) {
    const widest = shares.indexOf(Math.max(...shares));
    const over = shares.reduce((sum, one) => sum + one, 0) - room;
    const next = Math.max(NARROWEST, ...shares.filter((_, index) => index !== widest));
    const share = shares[widest] ?? 0;
    if (over <= 0 || share <= NARROWEST) return shares;
    shares[widest] = Math.max(share - over, Math.min(share - 1, next), NARROWEST);
  }
}

/** Rows as lines of a terminal, in columns two blanks apart; a cell that is wider than its column goes on below itself. */
export function wrappedTable(rows: readonly (readonly Line[])[], { width, most = [], isRight }: WrappedLayout): readonly Line[] {
  const cells = rows.map((row) => row.map(inOneLine));
  const natural: number[] = [];
  for (const row of cells)
    for (const [column, cell] of row.entries())
      natural[column] = Math.max(natural[column] ?? 0, Math.min(widthOf(plainText(cell)), most[column] ?? Number.POSITIVE_INFINITY));
  const shares = sharesOf(natural, width);
  const wrappedRows = cells.map((row) => row.map((cell, column) => (width === undefined ? [cell] : wrapLine(cell, shares[column] ?? 0))));
  // Where words end early, their column needs less.
  if (width !== undefined)
    for (const column of shares.keys())
      shares[column] = Math.max(...wrappedRows.flatMap((row) => (row[column] ?? []).map((line) => widthOf(plainText(line)))));
  return wrappedRows.flatMap((wrapped) => {
    const height = Math.max(...wrapped.map(({ length }) => length));
    return Array.from({ length: height }, (_, index): Line => {
      const line: Line[] = [];
      // Blanks are owed until something follows them.
      let owed = '';
      for (const [column, lines] of wrapped.entries()) {
        const cell = lines[index] ?? '';
        const blanks = ' '.repeat(Math.max(0, (shares[column] ?? 0) - widthOf(plainText(cell))));
        const [before, after] = isRight?.(column) === true ? [blanks, ''] : ['', blanks];
        if (plainText(cell) === '') owed += blanks;
        else {
          line.push(owed + before, cell);
          owed = after;
        }
        owed += '  ';
      }
      return width === undefined ? line : cutLine(line, width);
    });
  });
}

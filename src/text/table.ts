import stringWidth from 'fast-string-width';

/** Characters that all take one column, and move nothing. */
const ASCII = /^[\x20-\x7e]*$/;

/** The columns that text takes on a terminal: two for wide characters and emoji, none for combining marks. */
export function widthOf(text: string): number {
  return ASCII.test(text) ? text.length : stringWidth(text);
}

/** Text cut to so many columns, between characters as people see them. */
export function cutToWidth(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  if (ASCII.test(text)) return text.slice(0, width);
  let kept = '';
  let taken = 0;
  // Made only here: it costs several milliseconds.
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    taken += widthOf(segment);
    if (taken > width) break;
    kept += segment;
  }
  return kept;
}

/** A cell in one line, without what would move the cursor. */
function plain(cell: string): string {
  return ASCII.test(cell) ? cell : cell.replaceAll(/\p{Cc}+/gu, ' ');
}

/** How a table is laid out. */
export interface TableLayout {
  /** Whether a column stands to the right, as numbers do; else to the left. */
  readonly isRight?: (column: number) => boolean;
  /** The most columns of the terminal that a line may take. */
  readonly width?: number;
}

/** Rows as lines of a terminal, in columns two blanks apart. */
export function textTable(rows: readonly (readonly string[])[], { isRight, width }: TableLayout = {}): string[] {
  const cells = rows.map((row) => row.map(plain).map((cell) => ({ cell, taken: widthOf(cell) })));
  const widths: number[] = [];
  for (const row of cells) for (const [column, { taken }] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, taken);
  return cells.map((row) => {
    const padded = row.map(({ cell, taken }, column) => {
      const blanks = ' '.repeat((widths[column] ?? 0) - taken);
      return isRight?.(column) === true ? blanks + cell : cell + blanks;
    });
    const line = padded.join('  ').trimEnd();
    return width === undefined ? line : cutToWidth(line, width);
  });
}

import { cutLine, inOneLine, type Line, plainText } from './styled.ts';
import { widthOf } from './width.ts';

/** How a table is laid out. */
export interface TableLayout {
  /** Whether a column stands to the right, as numbers do; else to the left. */
  readonly isRight?: (column: number) => boolean;
  /** The most columns of the terminal that a line may take. */
  readonly width?: number;
}

/** Rows as lines of a terminal, in columns two blanks apart. */
export function textTable(rows: readonly (readonly string[])[], layout: TableLayout = {}): string[] {
  return styledTable(rows, layout).map((line) => plainText(line).trimEnd());
}

/** The same of cells that stand out. */
export function styledTable(rows: readonly (readonly Line[])[], { isRight, width }: TableLayout = {}): Line[] {
  const cells = rows.map((row) => row.map(inOneLine).map((cell) => ({ cell, taken: widthOf(plainText(cell)) })));
  const widths: number[] = [];
  for (const row of cells) for (const [column, { taken }] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, taken);
  return cells.map((row) => {
    const line: Line[] = row.flatMap(({ cell, taken }, column) => {
      const blanks = ' '.repeat((widths[column] ?? 0) - taken);
      const between = column === 0 ? '' : '  ';
      if (isRight?.(column) === true) return [between + blanks, cell];
      return column === row.length - 1 ? [between, cell] : [between, cell, blanks];
    });
    return width === undefined ? line : cutLine(line, width);
  });
}

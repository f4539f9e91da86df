import { printable } from '../text/printable.ts';
import { ansiText, cutLine, type Line, plainText, printableInOneLine } from '../text/styled.ts';
import { widthOf } from '../text/width.ts';

/** Where something is drawn: a terminal, as far as it says how large it is. */
export interface Screen {
  write(text: string): unknown;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

/** Columns and rows that a drawing may take. */
export interface Room {
  readonly columns: number;
  readonly rows: number;
}

/**
 * The last lines of a terminal, which are drawn anew in their place, below lines that stay. What has been printed is plain text of the
 * terminal's own: it can be scrolled back to and selected.
 */
export class Painter {
  private readonly screen: Screen;
  private readonly inColour: boolean;
  /** The widths of the lines that stand there now. */
  private drawn: readonly number[] = [];

  constructor(screen: Screen, inColour = false) {
    this.screen = screen;
    this.inColour = inColour;
  }

  /** What a drawing may take now. The last column stays free, where some terminals wrap, and so does the row of the cursor. */
  get room(): Room {
    const { columns = 0, rows = 0 } = this.screen;
    return { columns: Math.max(1, (columns > 0 ? columns : 80) - 1), rows: Math.max(1, (rows > 0 ? rows : 24) - 1) };
  }

  /** Draws lines, cut to the room that there is, in the place of the last drawing; `above`: lines that stay. */
  draw(lines: readonly Line[], above: readonly Line[] = []): void {
    const { columns, rows } = this.room;
    const fitting = lines.slice(0, rows).map((line) => cutLine(printableInOneLine(line), columns));
    const text = this.erasing() + [...above, ...fitting].map((line) => `${this.textOf(line)}\n`).join('');
    this.drawn = fitting.map((line) => widthOf(plainText(line)));
    if (text !== '') this.screen.write(text);
  }

  private textOf(line: Line): string {
    return this.inColour ? ansiText(line) : printable(plainText(line));
  }

  /** What takes the drawing away. A terminal that has become narrower since shows a line of it on several rows. */
  private erasing(): string {
    const { columns } = this.room;
    const rows = this.drawn.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / (columns + 1))), 0);
    return rows === 0 ? '' : `\u001b[${rows}A\r\u001b[0J`;
  }
}

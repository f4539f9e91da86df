import type { Plot } from '../model/plot.ts';
import type { Confusion, Drawn } from '../model/report.ts';
import type { Seen } from '../project/records.ts';
import { barLines } from '../text/bar-lines.ts';
import { bytesText, counted } from '../text/amounts.ts';
import { dotChart } from '../text/dot-chart.ts';
import { figure } from '../text/figures.ts';
import { dim, type Line, strong } from '../text/styled.ts';
import { wrapBelow, wrappedTable } from '../text/wrapped.ts';

/** How much is shown of what commands drew. */
interface Wanted {
  readonly all: boolean;
  readonly width: number | undefined;
}

/** What is shown where not all is asked for, of all and of one. */
const MOST = { pieces: 4, rows: 10, columns: 8, lines: 20, bars: 12, letters: 40 };

/** What is shown of all even then: a table is cut where it was read. */
const ALL = { rows: 50, columns: 30, lines: 400, bars: 60 };

/** A piece of what can be seen: what it is, and its lines. */
interface Piece {
  readonly title: string;
  readonly lines: readonly Line[];
}

const left = (count: number, noun: string, more = ''): Line => dim(`… and ${counted(count, noun)} more${more}`);

function table(rows: readonly (readonly string[])[], width: number | undefined): readonly Line[] {
  const [head = [], ...others] = rows;
  const isNumber = head.map((_, column) => column > 0 && others.every((row) => row[column] === '' || Number.isFinite(Number(row[column]))));
  const heading = head.map((name) => strong(name));
  return wrappedTable([heading, ...others], { width, isRight: (column) => isNumber[column] === true, most: head.map(() => MOST.letters) });
}

function confusion({ from, classes, counts }: Confusion, { width }: Wanted): Piece {
  const rows = counts.map((row, truth) => [classes[truth] ?? '', ...row.map((count) => (count === 0 ? '·' : String(count)))]);
  return { title: `${from}: rows are what is so, columns what was said`, lines: table([['', ...classes], ...rows], width) };
}

/** A plot of a run in characters. */
function plotLines(plot: Plot, { all, width }: Wanted): readonly Line[] {
  switch (plot.as) {
    case 'lines':
    case 'points':
      return dotChart(plot.series, { width, isJoined: plot.as === 'lines' });
    case 'bars':
      return plot.series.flatMap(({ name, points }) => {
        const most = all ? ALL.bars : MOST.bars;
        const bars = barLines(points.slice(0, most), width);
        return [...(name === '' ? [] : [dim(name)]), ...bars, ...(points.length > most ? [left(points.length - most, 'bar')] : [])];
      });
    case 'grid': {
      const rows = plot.rows.map((name, row) => [name, ...(plot.values[row] ?? []).map((value) => (value === null ? '' : figure(value)))]);
      return table([['', ...plot.columns], ...rows], width);
    }
  }
}

/** What stands above a plot: its name, and what its axes are. */
export function plotTitle({ title, instance, as, xLabel, yLabel }: Plot): string {
  const name = instance === '' ? title : `${title} [${instance}]`;
  const upward = yLabel === '' || name.endsWith(yLabel) ? name : `${name}: ${yLabel}`;
  return as === 'bars' || xLabel === '' ? upward : `${upward} over ${xLabel}`;
}

function drawn(one: Drawn, { all, width }: Wanted): Piece {
  switch (one.kind) {
    case 'table': {
      const most = all ? ALL : MOST;
      const rows = one.rows.slice(0, most.rows + 1).map((row) => row.slice(0, most.columns));
      const more = [
        ...(one.count > rows.length - 1 ? [counted(one.count - rows.length + 1, 'row')] : []),
        ...(one.columns > (rows[0]?.length ?? 0) ? [counted(one.columns - (rows[0]?.length ?? 0), 'column')] : []),
      ];
      return { title: one.from, lines: [...table(rows, width), ...(more.length === 0 ? [] : [dim(`… and ${more.join(' and ')} more`)])] };
    }
    case 'markdown': {
      const lines = one.text.trimEnd().split('\n');
      const most = all ? ALL.lines : MOST.lines;
      const shown = lines.slice(0, most).flatMap((line) => wrapBelow(line, width, 0));
      return { title: one.from, lines: [...shown, ...(lines.length > most ? [left(lines.length - most, 'line')] : [])] };
    }
    case 'picture':
      return {
        title: one.from,
        lines: [dim(`a picture (${one.type.replace('image/', '').replace('+xml', '')}, ${bytesText(one.bytes.length)})`)],
      };
    case 'html':
      return { title: one.from, lines: [dim(`a page (${bytesText(Buffer.byteLength(one.text))})`)] };
  }
}

/** What nodes made that can be seen: plots and tables in characters; pictures and pages by name, with where they are seen. */
export function seenLines({ plots, confusions, drawn: files, undrawn }: Seen, run: string, { all, width }: Wanted): readonly Line[] {
  const inner: Wanted = { all, width: width === undefined ? undefined : Math.max(width - 2, 20) };
  const pieces: readonly Piece[] = [
    ...plots.map((plot) => ({ title: plotTitle(plot), lines: plotLines(plot, inner) })),
    ...confusions.map((one) => confusion(one, inner)),
    ...files.map((one) => drawn(one, inner)),
  ];
  const shown = all ? pieces : pieces.slice(0, MOST.pieces);
  const others = pieces.length > shown.length ? ['', left(pieces.length - shown.length, 'piece', ': --all')] : [];
  const isElsewhere = files.some(({ kind }) => kind === 'picture' || kind === 'html');
  const page = isElsewhere ? ['', ...wrapBelow(dim(`seen in: stillroom report ${run} --output report.html`), width, 2)] : [];
  const untold = undrawn.map((words) => dim(`not drawn: ${words}`));
  return [
    ...shown.flatMap(({ title, lines }): Line[] => ['', ...wrapBelow(strong(title), width, 2), ...lines.map((line): Line => ['  ', line])]),
    ...others,
    ...(untold.length === 0 ? [] : ['', ...untold.slice(0, MOST.pieces).flatMap((line) => wrapBelow(line, width, 2))]),
    ...page,
  ];
}

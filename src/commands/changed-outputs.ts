import { splitName } from '../model/instance-name.ts';
import { parseJson } from '../files/json.ts';
import type { OutputChange } from '../project/records.ts';
import { counted } from '../text/amounts.ts';
import { shortenMiddle } from '../text/shorten.ts';
import { unifiedDiff } from '../text/unified-diff.ts';
import { bad, dim, good, type Line, strong } from '../text/styled.ts';
import { wrapBelow, wrappedTable } from '../text/wrapped.ts';

/** What is shown where not all is asked for. */
const MOST = { outputs: 6, rows: 10, lines: 12, letters: 30, line: 240 };

/** What a row of a table shows at most, whatever is asked for: what a screen has room for. */
const MOST_COLUMNS = 6;

/** How much is shown. */
interface Wanted {
  readonly all: boolean;
  readonly width: number | undefined;
}

/** Outputs that are texts or tables and came out otherwise: of tables the cells, of others the lines. */
export function changedOutputs(outputs: readonly OutputChange[], { all, width }: Wanted): readonly Line[] {
  const groups = byPort(outputs);
  const single = groups.flatMap(({ changes }) => (changes.length === 1 ? changes : []));
  const shown = all ? outputs : single.slice(0, MOST.outputs);
  const inner = { all, width: width === undefined ? undefined : Math.max(width - 2, 20) };
  const pieces = shown.flatMap((one) => {
    const lines = one.table === undefined ? textLines(one, inner) : tableLines(one.table, inner);
    return ['', ...wrapBelow(strong(one.name), width, 2), ...lines.map((line): Line => ['  ', line])];
  });
  if (all) return pieces;
  const several = groups.flatMap(({ port, changes }) => (changes.length > 1 ? [`${port} × ${changes.length}`] : []));
  const left = single.length - shown.length;
  const more = [...several.slice(0, MOST.outputs), ...(left > 0 ? [counted(left, 'output')] : [])];
  return [...pieces, ...(more.length === 0 ? [] : ['', ...wrapBelow(dim(`… and what differs in ${more.join(', ')}: --all`), width, 2)])];
}

/** Outputs of all instances of a node under one name. */
function byPort(outputs: readonly OutputChange[]): readonly { readonly port: string; readonly changes: readonly OutputChange[] }[] {
  const found = new Map<string, OutputChange[]>();
  for (const one of outputs) {
    const { node = one.name, rest = '' } = splitName(one.name) ?? {};
    found.set(node + rest, [...(found.get(node + rest) ?? []), one]);
  }
  return [...found].map(([port, changes]) => ({ port, changes }));
}

/** The cells of a table that differ, in the columns in which any does. */
function tableLines({ columns, rows, added, gone, count }: NonNullable<OutputChange['table']>, { all, width }: Wanted): readonly Line[] {
  const told = [
    `${rows.length} of ${counted(count, 'row')} differ`,
    ...(added > 0 ? [`${added} only there now`] : []),
    ...(gone > 0 ? [`${gone} gone`] : []),
  ].join(', ');
  const differing = columns.flatMap((_, column) => (column > 0 && rows.some((row) => row[column]?.length === 2) ? [column] : []));
  const seen = [0, ...differing.slice(0, MOST_COLUMNS)];
  const shown = all ? rows : rows.slice(0, MOST.rows);
  const cells = shown.map((row) =>
    seen.map((column): Line => {
      const [from = '', to] = row[column] ?? [''];
      return to === undefined ? from : [bad(from === '' ? 'none' : from), ' → ', good(to === '' ? 'none' : to)];
    }),
  );
  const left = [
    ...(rows.length > shown.length ? [`${counted(rows.length - shown.length, 'row')} more`] : []),
    ...(differing.length > MOST_COLUMNS ? [`${counted(differing.length - MOST_COLUMNS, 'column')} more`] : []),
  ];
  const heads = seen.map((column) => strong(columns[column] ?? ''));
  const table = rows.length === 0 ? [] : wrappedTable([heads, ...cells], { width, most: seen.map(() => MOST.letters) });
  return [told, ...table, ...(left.length === 0 ? [] : [dim(`… and ${left.join(' and ')}${all ? '' : ': --all'}`)])];
}

/** JSON that is written in one long line, in lines of its own. */
function inLines(text: string): string {
  if (!text.split('\n').some((line) => line.length > MOST.line)) return text;
  const value = parseJson(text, (one): one is unknown => one !== undefined);
  return value === undefined ? text : JSON.stringify(value, undefined, 1);
}

function textLines({ name, before, after }: OutputChange, { all, width }: Wanted): readonly Line[] {
  const lines = unifiedDiff(name, inLines(before), inLines(after)).slice(2);
  const shown = all ? lines : lines.slice(0, MOST.lines);
  const styled = shown
    .map((line) => shortenMiddle(line, MOST.line))
    .map((line): Line => (line.startsWith('+') ? good(line) : line.startsWith('-') ? bad(line) : line));
  const left = lines.length > shown.length ? [dim(`… and ${counted(lines.length - shown.length, 'line')} more: --all`)] : [];
  return [...styled.flatMap((line) => wrapBelow(line, width, 4)), ...left];
}

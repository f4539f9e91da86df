import { CsvError, parse } from 'csv-parse/sync';
import { decodeText, TextProblem } from './decoded.ts';

/** A row of a table: where it begins, counted from 1, and its fields. */
export interface SeparatedRow {
  readonly line: number;
  readonly fields: readonly string[];
}

/** What separates fields, in the order in which one is preferred to others that separate as well. */
const separators: readonly string[] = [',', ';', '\t', '|'];

/** Rows that are looked at to tell what separates their fields. */
const LOOKED_AT = 50;

/** How often each separator stands outside of quotes in each of the first rows. */
function countSeparators(text: string): number[][] {
  const rows: number[][] = [];
  let counts = separators.map(() => 0);
  let [isQuoted, isEmpty] = [false, true];
  for (const letter of text) {
    if (letter === '"') isQuoted = !isQuoted;
    if (letter === '\n' && !isQuoted) {
      if (!isEmpty) rows.push(counts);
      [counts, isEmpty] = [separators.map(() => 0), true];
      if (rows.length === LOOKED_AT) return rows;
      continue;
    }
    isEmpty = false;
    const place = separators.indexOf(letter);
    if (place >= 0 && !isQuoted) counts[place] = (counts[place] ?? 0) + 1;
  }
  if (!isEmpty) rows.push(counts);
  return rows;
}

/** The separator of a table: one that stands in each row equally often, else in each row, else in the first; undefined where none does. */
function separatorOf(text: string): string | undefined {
  const rows = countSeparators(text);
  const found = separators.map((separator, place) => {
    const counts = rows.map((row) => row[place] ?? 0);
    const least = Math.min(...counts);
    const isEven = least > 0 && counts.every((count) => count === least);
    return { separator, rank: isEven ? 2 : least > 0 ? 1 : 0, first: counts[0] ?? 0 };
  });
  const best = found.reduce((one, other) => (other.rank > one.rank || (other.rank === one.rank && other.first > one.first) ? other : one));
  return best.rank > 0 || best.first > 0 ? best.separator : undefined;
}

/** The rows of lines whose fields have blanks between them, if all have equally many, and more than one. */
function blankRows(text: string): SeparatedRow[] | undefined {
  const rows = text.split('\n').flatMap((line, index) => {
    const fields = line.trim().split(/[ \t]+/);
    return line.trim() === '' ? [] : [{ line: index + 1, fields }];
  });
  const width = rows[0]?.fields.length ?? 0;
  return width > 1 && !text.includes('"') && rows.every(({ fields }) => fields.length === width) ? rows : undefined;
}

/** The line of the last quote that is opened: where none closes it, the parser knows only the end. */
function lastOpened(text: string): number {
  const before = text.slice(0, text.lastIndexOf('"'));
  return before.split('\n').length;
}

/** What csv-parse finds wrong, in plain words. */
function problemOf({ code, message, ...where }: CsvError, text: string, { name, before }: { name: string; before: number }): TextProblem {
  const line = code === 'CSV_QUOTE_NOT_CLOSED' ? lastOpened(text) : Number((where as { readonly lines?: number }).lines);
  const place = `${name}, line ${line + before}`;
  if (code === 'CSV_QUOTE_NOT_CLOSED') return new TextProblem(`${place}: a quote is opened and never closed`, 'close it, or double it: ""');
  if (code === 'INVALID_OPENING_QUOTE' || code === 'CSV_INVALID_CLOSING_QUOTE')
    return new TextProblem(
      `${place}: a quote stands inside a field`,
      'put the whole field in quotes, and double the quotes in it: "5"" plate"',
    );
  return new TextProblem(`${place}: ${message}`, 'save it again as CSV (UTF-8)');
}

/** What is known of how a table is written. */
interface TableForm {
  /** Default: whatever separates the fields of the first rows. */
  readonly separator?: string;
  /** Where nothing else separates fields, blanks do. */
  readonly blanks?: boolean;
}

/**
 * The rows of a table as text: fields separated by commas, semicolons, tabs or bars, quoted as RFC 4180 says. Blank lines are no rows, and
 * `sep=;` in the first line, as spreadsheets write it, is obeyed.
 * @param name as messages name the file
 * @throws TextProblem that names the line
 */
export function tableRows(text: string, name: string, { separator, blanks = false }: TableForm = {}): SeparatedRow[] {
  const said = /^sep=(.)\n/i.exec(text);
  const body = said === null ? text : text.slice(said[0].length);
  const before = said === null ? 0 : 1;
  const delimiter = separator ?? said?.[1] ?? separatorOf(body);
  const blank = delimiter === undefined && blanks ? blankRows(body) : undefined;
  if (blank !== undefined) return blank;
  try {
    const records = parse(body, {
      delimiter: delimiter ?? ',',
      record_delimiter: '\n',
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
    });
    // The line that is told of a row is its last one.
    return (records as unknown as readonly { readonly record: string[]; readonly info: { readonly lines: number } }[]).map(
      ({ record, info }) => ({
        line: info.lines + before - record.reduce((breaks, field) => breaks + field.split('\n').length - 1, 0),
        fields: record,
      }),
    );
  } catch (problem) {
    if (problem instanceof CsvError) throw problemOf(problem, body, { name, before });
    throw problem;
  }
}

/** The rows of a table file, whatever common encoding it is in: see `decodeText` and `tableRows`. */
export function readTable(bytes: Uint8Array, name: string, form: TableForm = {}): SeparatedRow[] {
  return tableRows(decodeText(bytes, name), name, form);
}

import { written } from './figures.ts';

/** A cell by RFC 4180; text that a spreadsheet would take for a formula is made such that it does not. */
function cellOf(value: unknown): string {
  const text = written(value);
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return quoted(safe);
}

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** Rows as comma-separated values (RFC 4180), all digits of numbers kept. Nothing (undefined, null) is an empty cell; lists and mappings are JSON. */
export function csv(rows: readonly (readonly unknown[])[]): string {
  return rows.map((row) => `${row.map(cellOf).join(',')}\r\n`).join('');
}

/** The same for programs alone, in lines that end as on Unix: text is as it is, whatever a spreadsheet would take it for. */
export function plainCsv(rows: readonly (readonly unknown[])[]): string {
  return rows.map((row) => `${row.map((value) => quoted(written(value))).join(',')}\n`).join('');
}

/** The fields of the rows of a CSV text, by RFC 4180; blank lines are no rows. A quote that is never closed runs to the end. */
export function csvRows(text: string): string[][] {
  const rows: string[][] = [];
  let fields: string[] = [];
  for (const match of text.replace(/^\u{feff}/u, '').matchAll(/(?:"((?:[^"]|"")*)(?:"|$)|([^,\r\n]*))(,|\r?\n|\r|$)/g)) {
    const [whole, inQuotes, plain = '', end] = match;
    // The empty match at the very end is no field, unless a comma stands before it.
    if (whole === '' && fields.length === 0) continue;
    fields.push(inQuotes?.replaceAll('""', '"') ?? plain);
    if (end === ',') continue;
    if (fields.length > 1 || fields[0] !== '') rows.push(fields);
    fields = [];
  }
  return rows;
}

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

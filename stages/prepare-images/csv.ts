import { readFile } from 'node:fs/promises';
import { isAbsolute, join, normalize } from 'node:path';
import { byBytes, orderClasses, SourceProblem } from './collection.ts';
import type { Collection, Item } from './collection.ts';
import { listFiles } from './folders.ts';

const pathNames = ['path', 'file', 'filename', 'image'];
const labelNames = ['label', 'class', 'category'];

/** The rows of a CSV text (RFC 4180: quoted fields may hold commas, quotes doubled, and line breaks), each with its line number. */
export function parseCsv(text: string): { line: number; fields: string[] }[] {
  const rows: { line: number; fields: string[] }[] = [];
  const field = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r?\n|$)/y;
  let fields: string[] = [];
  let line = 1;
  let start = 1;
  const body = text.startsWith('\u{feff}') ? text.slice(1) : text;
  while (field.lastIndex < body.length || fields.length > 0) {
    const match = field.exec(body);
    if (match === null) throw new SourceProblem(`line ${line} of the CSV: a quote stands inside a field or is never closed`);
    const [, value = '', end = ''] = match;
    fields.push(value.startsWith('"') ? value.slice(1, -1).replaceAll('""', '"') : value);
    line += (match[0].match(/\n/g) ?? []).length;
    if (end === ',') continue;
    if (fields.length > 1 || fields[0] !== '') rows.push({ line: start, fields });
    fields = [];
    start = line;
  }
  return rows;
}

/** Which columns hold the path and the label, and how many rows the header takes. */
function findColumns(first: readonly string[]): { path: number; label: number; header: 0 | 1 } {
  const names = first.map((name) => name.trim().toLowerCase());
  const path = names.findIndex((name) => pathNames.includes(name));
  const label = names.findIndex((name) => labelNames.includes(name));
  return path >= 0 && label >= 0 ? { path, label, header: 1 } : { path: 0, label: 1, header: 0 };
}

/**
 * A CSV of path,label beside a folder: paths are relative to the folder. A header with `path` and `label` (or `file`, `filename`, `image`;
 * `class`, `category`) may stand in any order among other columns; without a header the first two columns count.
 */
export async function readCsv(folder: string, csv: string, given: readonly string[]): Promise<Collection> {
  const rows = parseCsv(await readFile(csv, 'utf8'));
  const columns = findColumns(rows[0]?.fields ?? []);
  const labels = new Map<string, string>();
  for (const { line, fields } of rows.slice(columns.header)) {
    const path = fields[columns.path]?.trim() ?? '';
    const label = fields[columns.label]?.trim() ?? '';
    if (path === '' || label === '') throw new SourceProblem(`line ${line} of the CSV has no ${path === '' ? 'path' : 'label'}`);
    const name = normalize(path).replaceAll('\\', '/');
    if (isAbsolute(path) || name.startsWith('../')) throw new SourceProblem(`line ${line} of the CSV: ${path} lies outside the folder`);
    if (labels.has(name)) throw new SourceProblem(`line ${line} of the CSV names ${name} a second time`);
    labels.set(name, label);
  }
  if (labels.size === 0) throw new SourceProblem('the CSV names no image', 'Write one image a line: path,label.');
  const classes = orderClasses(labels.values(), given);
  const items = [...labels].map(
    ([name, label]): Item => ({ name, label: classes.indexOf(label), read: () => readFile(join(folder, name)) }),
  );
  const ignored = (await listFiles(folder)).filter((name) => !labels.has(name) && join(folder, name) !== csv);
  return { classes, items: items.sort((left, right) => byBytes(left.name, right.name)), ignored };
}

import { isObject, parseExtendedJson } from '../../files/json.ts';
import { TextProblem } from '../../text/decoded.ts';
import { readTable } from '../../text/separated.ts';

/** Suffixes of files that may be tables. */
export const TABLES: readonly string[] = ['.csv', '.tsv', '.json'];

/** Larger tables are not looked into. */
export const LARGEST_TABLE = 8_000_000;

/** How deep the list of rows may lie in a JSON file. */
const DEEPEST = 4;

/** A table as it was read: cells of JSON as they are, others as text. */
export interface Rows {
  readonly names: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
  /** It is all that the file holds: not a list that lies deeper in it, and nothing was left out of its rows. */
  readonly isWhole: boolean;
  /** It is written by its columns, so that it holds nothing that names a row. */
  readonly isByColumns?: true;
}

const isFlat = (cell: unknown): boolean => typeof cell !== 'object' || cell === null;

const isList = (value: unknown): value is readonly Readonly<Record<string, unknown>>[] =>
  Array.isArray(value) && value.length > 0 && value.every(isObject);

/** The first list of objects in a value. */
function listIn(value: unknown, deep = 0): readonly Readonly<Record<string, unknown>>[] | undefined {
  if (isList(value)) return value;
  if (!isObject(value) || deep === DEEPEST) return undefined;
  for (const inner of Object.values(value)) {
    const found = listIn(inner, deep + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The cells of a column: a list, or a mapping from the number of each row. */
function cellsOf(column: unknown): readonly unknown[] {
  if (Array.isArray(column)) return column;
  const isNumbered = isObject(column) && Object.keys(column).every((key, index) => key === String(index));
  return isNumbered ? Object.values(column) : [];
}

/** The rows of a table that is written by its columns, as pandas and Keras do: `{ loss: [1, 2] }`, `{ loss: { 0: 1, 1: 2 } }`, or names beside rows. */
function columnRows(value: unknown): Rows | undefined {
  if (!isObject(value)) return undefined;
  const { columns, data } = value as Readonly<Record<string, unknown>>;
  if (Array.isArray(columns) && Array.isArray(data) && data.length > 0 && data.every((row) => Array.isArray(row) && row.every(isFlat)))
    return { names: columns.map(String), rows: data as readonly (readonly unknown[])[], isWhole: true };
  const all = Object.entries(value).map(([name, column]) => [name, cellsOf(column)] as const);
  const count = all[0]?.[1].length ?? 0;
  if (count < 2 || !all.every(([, cells]) => cells.length === count && cells.every(isFlat))) return undefined;
  const names = all.map(([name]) => name);
  return { names, rows: Array.from({ length: count }, (_, row) => all.map(([, cells]) => cells[row])), isWhole: true, isByColumns: true };
}

/** The rows of a list of objects, which may lie in others, with the names of their members that are no lists or objects. */
function jsonRows(text: string): Rows | undefined {
  const value = parseExtendedJson(text);
  const columns = columnRows(value);
  if (columns !== undefined) return columns;
  const list = listIn(value);
  if (list === undefined) return undefined;
  const all = [...new Set(list.flatMap((row) => Object.keys(row)))];
  const names = all.filter((name) => list.every((row) => isFlat(row[name])));
  if (names.length === 0) return undefined;
  return { names, rows: list.map((row) => names.map((name) => row[name])), isWhole: list === value && names.length === all.length };
}

/** The rows of a table file; undefined where it is none that can be read. */
export function readRows(bytes: Uint8Array, name: string, suffix: string): Rows | undefined {
  if (suffix === '.json') return jsonRows(Buffer.from(bytes).toString('utf8'));
  try {
    const [head, ...rows] = readTable(bytes, name, suffix === '.tsv' ? { separator: '\t' } : {}).map(({ fields }) => fields);
    return head === undefined || rows.length === 0 ? undefined : { names: head, rows, isWhole: true };
  } catch (problem) {
    if (problem instanceof TextProblem) return undefined;
    throw problem;
  }
}

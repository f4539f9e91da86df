import { readFile } from 'node:fs/promises';
import { basename, isAbsolute, join, posix } from 'node:path';
import { isLeftBehind, readTable } from 'stillroom/nn';
import { byBytes, orderClasses, some, SourceProblem } from './collection.ts';
import type { Collection, Item, Unreadable } from './collection.ts';
import { labelTable } from './columns.ts';
import type { ColumnParams, Labelled, LabelTable } from './columns.ts';
import { FileNames } from './names.ts';

/** Missing files of which the nearest is looked for: it takes a while among many. */
const COMPARED = 5;

/** A row with the file that it names. */
interface Placed extends Labelled {
  /** Its path in the folder. */
  readonly file: string;
}

/** The path that a row names, with `/`; it lies in the folder. */
function pathOf({ line, name }: Labelled, table: string): string {
  const path = posix.normalize(name.replaceAll('\\', '/'));
  if (isAbsolute(path) || /^[a-z]:\//i.test(path) || path.startsWith('../'))
    throw new SourceProblem(`${table}, line ${line}: ${name} lies outside the folder`, 'Write paths relative to the folder of the images.');
  return path;
}

/** Finds the file of each row. Those that are not there are told apart. */
function place({ rows, nameColumn }: LabelTable, names: FileNames, table: string): { placed: Placed[]; missing: Unreadable[] } {
  const placed: Placed[] = [];
  const missing: Unreadable[] = [];
  for (const row of rows) {
    const found = names.find(pathOf(row, table));
    if (found.kind === 'found') placed.push({ ...row, file: found.name });
    else if (found.kind === 'several') {
      throw new SourceProblem(
        `${table}, line ${row.line}, column ${nameColumn}: ${row.name} could be ${some(found.names)}`,
        'Write the path in the folder, with its suffix.',
      );
    } else {
      const near = missing.length < COMPARED && found.nearest !== undefined ? `; the nearest is ${found.nearest}` : '';
      missing.push({ name: row.name, reason: `there is no such file (${table}, line ${row.line}, column ${nameColumn})${near}` });
    }
  }
  return { placed, missing };
}

/** Each image once: what is said twice of one must be the same. */
function once(placed: readonly Placed[], table: string): { rows: readonly Placed[]; notes: string[] } {
  const known = new Map<string, Placed>();
  for (const row of placed) {
    const before = known.get(row.file);
    if (before === undefined) known.set(row.file, row);
    else if (before.label !== row.label) {
      throw new SourceProblem(
        `${table} names ${row.file} twice: as ${before.label} in line ${before.line} and as ${row.label} in line ${row.line}`,
        'Leave the right one.',
      );
    }
  }
  const doubles = placed.length - known.size;
  const rows = [...known.values()].sort((left, right) => byBytes(left.file, right.file));
  return { rows, notes: doubles === 0 ? [] : [`${table} names ${doubles} of its images more than once, with the same class`] };
}

/** Classes that only their case tells apart are hardly meant. */
function warnOfCase(classes: readonly string[], table: string): string[] {
  const alike = classes.filter((name) => classes.some((other) => other !== name && other.toLowerCase() === name.toLowerCase()));
  return alike.length === 0 ? [] : [`${table}: classes that differ only by case are different classes: ${some(alike)}`];
}

/**
 * A table of labels for the images of a folder: see `labelTable` for its columns and `FileNames` for how it names images.
 * @param files the paths of all files in the folder
 * @throws SourceProblem or TextProblem naming the table's line
 */
export async function readCsv(
  folder: string,
  files: readonly string[],
  csv: string,
  { given, ...params }: ColumnParams & { readonly given: readonly string[] },
): Promise<Collection> {
  const table = basename(csv);
  const own = labelTable(readTable(await readFile(csv), table, { blanks: true }), table, params);
  const there = files.filter((name) => !isLeftBehind(name) && join(folder, name) !== csv);
  const { placed, missing } = place(own, new FileNames(there), table);
  if (placed.length === 0) {
    const [{ name = '', reason = '' } = {}] = missing;
    throw new SourceProblem(
      `none of the ${missing.length} images that ${table} names is in the folder; the first is ${name}: ${reason}`,
      there.length === 0 ? 'The folder is empty.' : `The folder holds ${some(there, 3)}.`,
    );
  }
  const { rows, notes } = once(placed, table);
  const classes = orderClasses(
    rows.map(({ label }) => label),
    given,
  );
  const items = rows.map(
    ({ file, label }): Item => ({ name: file, label: classes.indexOf(label), read: () => readFile(join(folder, file)) }),
  );
  const listed = new Set(rows.map(({ file }) => file));
  const ignored = files.filter((name) => !listed.has(name) && join(folder, name) !== csv);
  return { classes, items, ignored, missing, notes: [own.note, ...notes, ...warnOfCase(classes, table)] };
}

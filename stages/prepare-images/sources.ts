import { basename, join } from 'node:path';
import { isLeftBehind, nearest } from 'stillroom/nn';
import { some, SourceProblem } from './collection.ts';
import type { Collection } from './collection.ts';
import type { ColumnParams } from './columns.ts';
import { readCsv } from './csv.ts';
import { listFiles, readFolders } from './folders.ts';
import { choosePair, findPairs, readIdxPair } from './idx.ts';
import { checkFlatSplit, givenSplit, plausibleClasses } from './split.ts';

/** Where the images are: the paths of the stage's inputs. */
export interface SourcePaths {
  readonly images: string;
  readonly labels: string | undefined;
  readonly test: string | undefined;
  readonly test_labels: string | undefined;
}

/** How sources are understood. */
export interface Reading extends ColumnParams {
  /** The classes in their order; empty: those that are found. */
  readonly given: readonly string[];
  /** All but `found` decide where a folder could be read in more than one way. */
  readonly layout: 'found' | 'folders' | 'split' | 'table';
  /** The table in the training source that holds the labels; empty: the only one, if it is one of labels. */
  readonly table: string;
}

/** What the sources hold: a training set, and a test set if they hold one. */
export interface Given {
  readonly train: Collection;
  readonly test: Collection | undefined;
}

/** A source with all that lies in it. */
interface Looked {
  readonly folder: string;
  readonly files: readonly string[];
}

const isTable = (name: string): boolean => /^[^/]+\.(?:csv|tsv)$/i.test(name) && !isLeftBehind(name);

/** A table that a contest wants to have filled in holds no labels. */
const isForm = (name: string): boolean => /submi(?:ssion|t)/i.test(name);

/** How a folder can be read beside by its table, if it can, and the layout that says so. */
function otherReading(files: readonly string[]): { readonly what: string; readonly layout: string } | undefined {
  const split = givenSplit(files);
  if (split !== undefined) return { what: `as the split ${some([...split.train, split.test].map((name) => `${name}/`))}`, layout: 'split' };
  const classes = [...plausibleClasses(files)].map(([name, count]) => `${name} (${count})`);
  return classes.length > 1 ? { what: `as class folders, ${some(classes)}`, layout: 'folders' } : undefined;
}

/** The table of a folder that the param names. */
function saidTable(files: readonly string[], said: string): string {
  if (files.includes(said)) return said;
  const near = nearest(
    said,
    files.filter((name) => /\.[ct]sv$/i.test(name)),
  );
  const hint = near === undefined ? 'Give its path in the folder, or a file elsewhere as the input `labels`.' : `Did you mean ${near}?`;
  throw new SourceProblem(`\`table: ${said}\`: the source holds no such file`, hint);
}

/** The table in a folder that names its labels, if one does. */
function tableOf({ files }: Looked, { layout, table: said }: Reading, hint: string): string | undefined {
  if (said !== '') return saidTable(files, said);
  if (layout === 'folders' || layout === 'split') return undefined;
  const tables = files.filter(isTable);
  const [table] = tables;
  if (tables.length > 1)
    throw new SourceProblem(
      `the source holds ${tables.length} CSV files: ${some(tables)}`,
      `Name the one with the labels, such as \`table: ${table}\`, or give it as the input ${hint}; \`layout: folders\` reads none of them.`,
    );
  if (layout === 'table' && table === undefined)
    throw new SourceProblem('`layout: table`, but the source holds no CSV file', `Give it as the input ${hint}.`);
  if (table === undefined || layout === 'table') return table;
  const other = otherReading(files);
  if (other !== undefined) {
    throw new SourceProblem(
      `the source can be read in two ways: ${other.what}, or by ${table}, which may name the classes`,
      `Say which: \`layout: ${other.layout}\` or \`layout: table\`.`,
    );
  }
  if (isForm(table)) {
    throw new SourceProblem(
      `the only table of the source, ${table}, is called as what a contest wants filled in, not as one of labels`,
      `Give the table with the labels as the input ${hint}; if it is this one, set \`layout: table\`.`,
    );
  }
  return table;
}

/** Reads one source as what it is: idx files, a table beside or in the folder, or class folders. Undefined: idx files, but not of this set. */
async function readSource(
  { folder, files }: Looked,
  labels: string | undefined,
  set: 'train' | 'test',
  reading: Reading,
): Promise<Collection | undefined> {
  if (labels !== undefined) return readCsv(folder, files, labels, reading);
  const names = topNames(files);
  const pairs = reading.layout === 'found' && reading.table === '' ? findPairs(names) : [];
  if (pairs.length > 0) {
    const pair = choosePair(pairs, set);
    return pair === undefined ? undefined : readIdxPair(folder, names, pair, set, reading.given);
  }
  const table = tableOf({ folder, files }, reading, set === 'train' ? '`labels`' : '`test_labels`');
  if (table === undefined && reading.layout === 'found') checkFlatSplit(files);
  return table === undefined ? readFolders(folder, files, reading) : readCsv(folder, files, join(folder, table), reading);
}

const topNames = (files: readonly string[]): string[] => files.filter((name) => !name.includes('/') && !isLeftBehind(name));

async function look(folder: string): Promise<Looked> {
  return { folder, files: await listFiles(folder) };
}

/** True if a source holds a training and a test set as idx files. */
function holdsBothSets({ files }: Looked): boolean {
  const pairs = findPairs(topNames(files));
  const [train, test] = [choosePair(pairs, 'train'), choosePair(pairs, 'test')];
  return train !== undefined && test !== undefined && train !== test;
}

/** Both sets of a parent of `train` and `val` or `test`; undefined where the source is none. */
function readSplit({ folder, files }: Looked, paths: SourcePaths, reading: Reading): Given | undefined {
  const isOpen =
    reading.layout === 'found' && paths.labels === undefined && !files.some(isTable) && findPairs(topNames(files)).length === 0;
  if (!isOpen && reading.layout !== 'split') return undefined;
  const split = givenSplit(files);
  if (split === undefined && reading.layout === 'split')
    throw new SourceProblem('`layout: split`, but the source holds no train/ beside val/ or test/ with class folders in them');
  if (split === undefined) return undefined;
  if (paths.test !== undefined) {
    throw new SourceProblem(
      `the source holds ${some([...split.train, split.test])}, and a test set is given beside it`,
      `Give one of them: the input \`test\`, or ${split.test}/ of the source.`,
    );
  }
  const places = new Set([...split.train, split.test].map((name) => `${name}/`));
  const others = files.filter((name) => ![...places].some((place) => name.startsWith(place)));
  const train = readFolders(folder, files, { given: reading.given, places: split.train });
  const test = readFolders(folder, files, { given: train.classes, places: [split.test] });
  return { train: { ...train, ignored: [...train.ignored, ...others], notes: [split.note] }, test };
}

/**
 * A model tells classes apart: one is no question.
 * @throws SourceProblem if a class has no image, or there is but one
 */
export function checkClasses({ classes, items }: Collection): void {
  const empty = classes.filter((_, label) => !items.some((item) => item.label === label));
  if (empty.length > 0) throw new SourceProblem(`no image of class ${some(empty)} in the training source`);
  const [only] = classes;
  if (classes.length < 2) {
    throw new SourceProblem(
      `the source holds one class, ${only}, and no other: a model needs two or more to tell apart`,
      'Give the folder above it, with a folder for each class.',
    );
  }
}

/**
 * The training set of the sources and, if they hold one, the test set: of a source of its own, of a parent of `train` and `val` or `test`,
 * of an idx folder that holds both.
 * @throws SourceProblem naming what is wrong with a source.
 */
export async function readGiven(paths: SourcePaths, reading: Reading): Promise<Given> {
  const source = await look(paths.images);
  const split = readSplit(source, paths, reading);
  if (split !== undefined) return split;
  const train = await readSource(source, paths.labels, 'train', reading);
  if (train === undefined)
    throw new SourceProblem('the source holds several pairs of idx files, but none named train-images… and train-labels…');
  const hasBoth = paths.labels === undefined && reading.layout === 'found' && reading.table === '' && holdsBothSets(source);
  if (paths.test === undefined && !hasBoth) return { train, test: undefined };
  const apart = paths.test === undefined ? source : await look(paths.test);
  const test = await readSource(apart, paths.test_labels, 'test', { ...reading, table: '', given: train.classes });
  if (test === undefined)
    throw new SourceProblem(`${basename(apart.folder)} holds several pairs of idx files, but none named t10k-images… or test-images…`);
  return { train, test };
}

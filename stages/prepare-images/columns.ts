import type { SeparatedRow } from 'stillroom/nn';
import { isPicture, nearest } from 'stillroom/nn';
import { some, SourceProblem } from './collection.ts';

/** Heads of columns that name the image, the surest first; written without blanks, `_` and `-`. */
const nameHeads = [
  ...['path', 'filepath', 'imagepath', 'imgpath', 'filename', 'imagename', 'imgname', 'file', 'image', 'img', 'imageid', 'imgid'],
  ...['imagefile', 'imagefilename', 'photo', 'picture', 'fname', 'name', 'id'],
];

/** Heads of columns that name the class, the surest first. */
const labelHeads = [
  ...['label', 'labels', 'class', 'classname', 'category', 'categoryname', 'target', 'breed', 'species', 'diagnosis', 'classid'],
  ...['labelname', 'categoryid', 'labelid', 'classes', 'variety', 'y'],
];

/** The params that say what is not found. */
export interface ColumnParams {
  readonly name_column: string;
  readonly label_column: string;
}

/** A row as it was understood. */
export interface Labelled {
  readonly line: number;
  readonly name: string;
  readonly label: string;
}

/** The rows of a table of labels. */
export interface LabelTable {
  /** How the column of names is called: its head, or its place. */
  readonly nameColumn: string;
  readonly rows: readonly Labelled[];
  /** Which columns count, in words. */
  readonly note: string;
}

const plain = (head: string): string => head.toLowerCase().replace(/[\s_-]/g, '');

/** The place of the surest of some heads; -1 where there is none. */
function placeOf(fields: readonly string[], heads: readonly string[]): number {
  const plainFields = fields.map(plain);
  const found = heads.find((head) => plainFields.includes(head));
  return found === undefined ? -1 : plainFields.indexOf(found);
}

/** The place of a column that a param names. */
function saidPlace(fields: readonly string[], said: string, [param, table]: readonly [param: string, table: string]): number {
  const place = fields.indexOf(said);
  if (place >= 0) return place;
  const near = nearest(said, fields);
  throw new SourceProblem(
    `\`${param}: ${said}\`: ${table} has no such column; its first line is ${some(fields, 12)}`,
    near === undefined ? 'Name one of them.' : `Did you mean ${near}?`,
  );
}

/** The columns that hold nothing but 0 and 1: a column for each class. */
function oneHotPlaces(rows: readonly SeparatedRow[], but: number): number[] {
  const width = rows[0]?.fields.length ?? 0;
  const isMark = (text: string | undefined): boolean => /^[01](?:\.0*)?$/.test((text ?? '').trim());
  return Array.from({ length: width }, (_, place) => place).filter(
    (place) => place !== but && rows.every(({ fields }) => isMark(fields[place])),
  );
}

/** Reads rows of which one column of each class says whether it is that class. */
function oneHot(
  rows: readonly SeparatedRow[],
  heads: readonly string[],
  name: number,
  places: readonly number[],
  table: string,
): Labelled[] {
  return rows.map(({ line, fields }) => {
    const marked = places.filter((place) => Number(fields[place]) === 1);
    const [place] = marked;
    if (place === undefined || marked.length > 1) {
      const what = marked.length === 0 ? 'no class' : `${marked.length} classes: ${some(marked.map((one) => heads[one] ?? ''))}`;
      throw new SourceProblem(
        `${table}, line ${line} marks ${what}; an image belongs to just one here`,
        'Leave such rows out, or name the column with the class: `label_column`.',
      );
    }
    return { line, name: cell(fields, name, { line, table, head: heads[name] ?? '' }), label: heads[place] ?? '' };
  });
}

function cell(fields: readonly string[], place: number, { line, table, head }: { line: number; table: string; head: string }): string {
  const text = fields[place]?.trim() ?? '';
  if (text !== '') return text;
  const cells = fields.length <= place ? `; it has ${fields.length} of them` : '';
  throw new SourceProblem(`${table}, line ${line} has nothing in column ${head}${cells}`, 'Fill it in, or leave the row out.');
}

/**
 * Finds which columns of a table hold names and labels: by the params, by the words that are usual as heads, or in a table without heads the
 * first two. A table whose columns are classes of 0 and 1 is read as such.
 * @throws SourceProblem that names the table and the line, or the columns to choose from
 */
export function labelTable(rows: readonly SeparatedRow[], table: string, params: ColumnParams): LabelTable {
  const [first, ...rest] = rows;
  if (first === undefined) throw new SourceProblem(`${table} names no image`, 'Write one image a line: path,label.');
  const heads = first.fields.map((field) => field.trim());
  const at = (said: string, known: readonly string[], param: string): number =>
    said === '' ? placeOf(heads, known) : saidPlace(heads, said, [param, table]);
  const [name, label] = [at(params.name_column, nameHeads, 'name_column'), at(params.label_column, labelHeads, 'label_column')];
  if ((name < 0 && label < 0) || (!isSaid(params) && heads.some(isFile))) return headless(rows, table);
  if (rest.length === 0) throw new SourceProblem(`${table} names no image below its heads ${some(heads)}`, 'Write one image a line.');
  const other = heads.length === 2 ? 1 - Math.max(name, label) : -1;
  const nameAt = name >= 0 && name !== label ? name : other;
  const labelAt = label >= 0 ? label : other;
  if (nameAt < 0) throw unknownColumn('the images', 'name_column', heads, table);
  const places = labelAt < 0 ? oneHotPlaces(rest, nameAt) : [];
  if (labelAt < 0 && places.length < 2) throw unknownColumn('the labels', 'label_column', heads, table);
  const nameColumn = `"${heads[nameAt]}"`;
  if (labelAt < 0) {
    const note = `${table}: images by column ${nameColumn}, classes by ${places.length} columns of 0 and 1`;
    return { nameColumn, rows: oneHot(rest, heads, nameAt, places, table), note };
  }
  const head = (place: number): string => `"${heads[place]}"`;
  return {
    nameColumn,
    rows: rest.map(({ line, fields }) => ({
      line,
      name: cell(fields, nameAt, { line, table, head: head(nameAt) }),
      label: cell(fields, labelAt, { line, table, head: head(labelAt) }),
    })),
    note: `${table}: images by column ${nameColumn}, classes by column ${head(labelAt)}`,
  };
}

const isSaid = ({ name_column, label_column }: ColumnParams): boolean => name_column !== '' || label_column !== '';

/** A head is no picture's name with its suffix, whatever words stand beside it. */
const isFile = (text: string): boolean => text.includes('.') && isPicture(text);

function headless(rows: readonly SeparatedRow[], table: string): LabelTable {
  return {
    nameColumn: '1',
    rows: rows.map(({ line, fields }) => ({
      line,
      name: cell(fields, 0, { line, table, head: '1, the image' }),
      label: cell(fields, 1, { line, table, head: '2, the label' }),
    })),
    note: `${table}: images by column 1, classes by column 2`,
  };
}

function unknownColumn(what: string, param: string, heads: readonly string[], table: string): SourceProblem {
  return new SourceProblem(`it is not known which column of ${table} names ${what}: ${some(heads, 12)}`, `Say which: \`${param}: NAME\`.`);
}

import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { csv, plainCsv } from '../../text/csv.ts';
import { TextProblem } from '../../text/decoded.ts';
import { readTable, tableRows } from '../../text/separated.ts';
import { suggestion } from '../../text/suggestion.ts';
import type { LabelledPicture } from './labelling.ts';
import { PredictionProblem } from './prediction-problem.ts';

/** What a column holds of a picture: its name in one of three forms, its label in one of three, or the probability of a class. */
type Content = Identity | 'label' | 'index' | 'probability' | { readonly label: number };

/** `path`: in its folder; `name`: of its file; `stem`: that without the suffix. */
type Identity = 'path' | 'name' | 'stem';

interface Column {
  readonly head: string;
  readonly holds: Content;
}

const identities: Readonly<Record<Identity, (name: string) => string>> = {
  path: (name) => name,
  name: (name) => basename(name),
  stem: (name) => basename(name).replace(/(?<=.)\.[^.]*$/, ''),
};

const isIdentity = (word: unknown): word is Identity => typeof word === 'string' && Object.hasOwn(identities, word);
const words = ['path', 'name', 'stem', 'label', 'index', 'probability'];

/** What a submission is to look like. */
export interface SubmissionForm {
  /**
   * Its columns: `image_id,label`. Each is `head` or `head=content`, with the contents `path`, `name` and `stem` of the picture, `label`, `index`
   * and `probability` of what it is taken for, or a class, for its probability. Without a content, the first column is the picture's name, a
   * column that is called as a class holds its probability, and of two columns the other is the label. `*` stands for a column for each class.
   */
  readonly header: string;
  /** A CSV file whose first column says which pictures are wanted, and in which order: `sample_submission.csv`. */
  readonly order?: string | undefined;
}

/** A submission, and what does not fit the wanted order. */
export interface Submission {
  readonly text: string;
  /** Wanted, but not among the pictures. Those that can't be read have no row either. */
  readonly missing: readonly string[];
  /** Not wanted: they are left out. */
  readonly extra: readonly string[];
}

/** The columns of a submission, and what its rows are to be. */
export interface ReadForm {
  readonly columns: readonly Column[];
  /** Undefined: all pictures, in their order. */
  readonly wanted: readonly string[] | undefined;
  /** The first column's content was not said. */
  readonly isIdentityOpen: boolean;
}

function contentOf(word: string, classes: readonly string[]): Content {
  if (words.includes(word)) return word as Content;
  const label = classes.indexOf(word);
  if (label >= 0) return { label };
  throw new PredictionProblem(
    `a column of the submission is to hold "${word}", which is nothing known`,
    suggestion(word, [...words, ...classes]),
  );
}

/** Reads what a submission is to look like, before anything is labelled. Throws a PredictionProblem where that makes no sense. */
export async function readForm({ header, order }: SubmissionForm, classes: readonly string[]): Promise<ReadForm> {
  const fields = known(() => tableRows(header, 'the header of the submission', { separator: ',' }))[0]?.fields ?? [];
  const columns = fields.flatMap((field, place): readonly Column[] => {
    if (field.trim() === '*') return classes.map((head, label) => ({ head, holds: { label } }));
    const [, head = '', word] = /^(.*?)(?:=([^=]*))?$/s.exec(field) ?? [];
    if (word !== undefined) return [{ head, holds: contentOf(word.trim(), classes) }];
    if (place === 0) return [{ head, holds: 'name' }];
    if (classes.includes(head)) return [{ head, holds: { label: classes.indexOf(head) } }];
    if (words.includes(head)) return [{ head, holds: head as Content }];
    if (fields.length === 2) return [{ head, holds: 'label' }];
    throw new PredictionProblem(
      `it is not known what the column "${head}" of the submission is to hold`,
      `write it as ${head}=label, or another of: ${[...words, 'a class'].join(', ')}`,
    );
  });
  const [first] = columns;
  if (first === undefined || !isIdentity(first.holds))
    throw new PredictionProblem(
      'the first column of a submission names the pictures',
      'for example image_id,label or image_id=stem,label=index',
    );
  const wanted = order === undefined ? undefined : await readWanted(order);
  return { columns, wanted, isIdentityOpen: !fields[0]?.includes('=') };
}

/** What is wrong with a text is the user's to put right. */
function known<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (problem) {
    throw problem instanceof TextProblem ? new PredictionProblem(problem.message, problem.hint) : problem;
  }
}

/** The first column of a CSV file, without its head. */
async function readWanted(file: string): Promise<string[]> {
  const bytes = await readFile(file);
  const ids = known(() => readTable(bytes, basename(file)))
    .slice(1)
    .map(({ fields: [id = ''] }) => id);
  if (ids.length === 0) throw new PredictionProblem(`${file} names no picture: its first column, below the head, is to name them`);
  const twice = ids.find((id, place) => ids.indexOf(id) !== place);
  if (twice !== undefined) throw new PredictionProblem(`${file} names ${twice} more than once`);
  return ids;
}

/** How pictures are named in the first column: as it says, or in whichever form most of the wanted names are found. */
function identityOf({ columns, wanted, isIdentityOpen }: ReadForm, names: readonly string[]): Identity {
  const said = columns[0]?.holds as Identity;
  if (wanted === undefined || !isIdentityOpen) return said;
  const ids = new Set(wanted);
  const found = (['name', 'stem', 'path'] as const).map((form) => ({
    form,
    hits: names.filter((name) => ids.has(identities[form](name))).length,
  }));
  return found.reduce((best, one) => (one.hits > best.hits ? one : best)).form;
}

/** Makes a submission of what a model says of pictures. Those that can't be read have no row. Throws a PredictionProblem where two pictures have one name. */
export function writeSubmission(form: ReadForm, classes: readonly string[], pictures: readonly LabelledPicture[]): Submission {
  const { columns, wanted } = form;
  const identity =
    identities[
      identityOf(
        form,
        pictures.map(({ name }) => name),
      )
    ];
  const known = new Map<string, LabelledPicture>();
  for (const picture of pictures) {
    const id = identity(picture.name);
    const other = known.get(id);
    if (other !== undefined) {
      throw new PredictionProblem(
        `${other.path} and ${picture.path} are both "${id}" in the submission`,
        `name them by their paths: ${columns[0]?.head}=path`,
      );
    }
    known.set(id, picture);
  }
  const ids = wanted ?? [...known.keys()];
  const rows = ids.flatMap((id) => {
    const picture = known.get(id);
    if (picture?.probabilities === undefined) return [];
    return [columns.map(({ holds }, place) => (place === 0 ? id : cellOf(holds, picture, classes)))];
  });
  const asked = new Set(ids);
  return {
    text: plainCsv([columns.map(({ head }) => head), ...rows]),
    missing: wanted === undefined ? [] : ids.filter((id) => !known.has(id)),
    extra: [...known.keys()].filter((id) => !asked.has(id)),
  };
}

function cellOf(holds: Content, { name, label, probabilities }: LabelledPicture, classes: readonly string[]): unknown {
  if (isIdentity(holds)) return identities[holds](name);
  if (holds === 'label') return classes[label];
  if (holds === 'index') return label;
  return shortened(probabilities?.[holds === 'probability' ? label : holds.label]);
}

/** A probability with the digits that float32 has. */
const shortened = (probability = Number.NaN): number => Number(probability.toPrecision(7));

/** All that a model says of pictures, as CSV: a row for each that can be read, with the probability of each class. */
export function predictionsCsv(classes: readonly string[], pictures: readonly LabelledPicture[]): string {
  const rows = pictures.flatMap(({ name, label, probabilities }) =>
    probabilities === undefined
      ? []
      : [[name, classes[label], label, shortened(probabilities[label]), ...Array.from(probabilities, shortened)]],
  );
  return csv([['picture', 'label', 'index', 'probability', ...classes], ...rows]);
}

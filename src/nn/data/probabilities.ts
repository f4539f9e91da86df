import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatasetInfo } from './dataset.ts';

/** A row of class probabilities per image: predictions, or soft labels. */
export interface Probabilities {
  readonly count: number;
  readonly classes: readonly string[];
  /** count × classes, row by row. */
  readonly values: Float32Array;
}

/** Writes `<name>.json` and `<name>.bin` (float32, little-endian) into a folder. */
function write(folder: string, name: string, table: Probabilities): void {
  const { count, classes, values } = table;
  if (values.length !== count * classes.length)
    throw new Error(`${name}: ${values.length} values for ${count} images of ${classes.length} classes.`);
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify({ format: 1, count, classes })}\n`);
  writeFileSync(join(folder, `${name}.bin`), new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
}

/** Reads what `write` wrote. */
function read(folder: string, name: string): Probabilities {
  const { format, count, classes } = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Probabilities & {
    readonly format: number;
  };
  if (format !== 1) throw new Error(`${name}.json has the format ${format}; only 1 can be read.`);
  const bytes = readFileSync(join(folder, `${name}.bin`));
  const values = new Float32Array(count * classes.length);
  if (bytes.length !== values.byteLength)
    throw new Error(`${name}.bin holds ${bytes.length} bytes, not the ${values.byteLength} that ${name}.json names.`);
  new Uint8Array(values.buffer).set(bytes);
  return { count, classes, values };
}

/** Writes a predictions folder (softmax probabilities). */
export const writePredictions = (folder: string, predictions: Probabilities): void => write(folder, 'predictions', predictions);

/** Reads a predictions folder. */
export const readPredictions = (folder: string): Probabilities => read(folder, 'predictions');

/** Writes a labels folder (soft labels; each row sums to 1). */
export const writeLabels = (folder: string, labels: Probabilities): void => write(folder, 'labels', labels);

/** Reads a labels folder. */
export const readLabels = (folder: string): Probabilities => read(folder, 'labels');

type Shown = Pick<DatasetInfo, 'count' | 'classes'>;

/** The table, if it is for that many images of those classes; otherwise throws. */
function checked(name: string, table: Probabilities, { count, classes }: Shown): Probabilities {
  if (table.count !== count) throw new Error(`The ${name} are for ${table.count} images, but the dataset holds ${count}.`);
  if (table.classes.join('\n') !== classes.join('\n')) throw new Error(`The ${name} are of other classes than the dataset.`);
  return table;
}

/** Reads a labels folder for a dataset. Throws if it is for another number of images or other classes. */
export const readLabelsOf = (folder: string, info: Shown): Probabilities => checked('labels', readLabels(folder), info);

/** Reads a predictions folder for a dataset. Throws if it is for another number of images or other classes. */
export const readPredictionsOf = (folder: string, info: Shown): Probabilities => checked('predictions', readPredictions(folder), info);

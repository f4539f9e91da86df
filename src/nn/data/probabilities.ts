import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DatasetInfo, decodeProbabilities, type Probabilities } from './formats.ts';

export type { Probabilities };

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
  return decodeProbabilities(name, readFileSync(join(folder, `${name}.json`)), readFileSync(join(folder, `${name}.bin`)));
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

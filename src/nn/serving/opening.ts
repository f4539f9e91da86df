import { copyFileSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { onnxMetadata } from '../onnx/classifier.ts';
import { type ReadDescription, readDescription } from './description.ts';
import { type ExportedModel, formatFolder, readExported, writeExported } from './exported.ts';
import { PredictionProblem } from './prediction-problem.ts';

/** An exported model in a folder, as runtimes open it. */
export interface OpenedExport {
  readonly folder: string;
  readonly exported: ExportedModel;
}

/** What went wrong, in its own words. */
const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Makes an exported model of an ONNX file alone, in an empty folder. */
function exportOfOnnx(file: string, folder: string): OpenedExport {
  const { preparation, ...described } = describe(file);
  if (preparation === undefined) {
    throw new PredictionProblem(
      `${file} does not say how pictures are prepared for it`,
      'Export the model anew with the stage `export`, or give the folder `model` that it was written to.',
    );
  }
  const exported: ExportedModel = { ...described, preparation, formats: ['onnx'] };
  writeExported(folder, exported);
  mkdirSync(formatFolder(folder, 'onnx'), { recursive: true });
  copyFileSync(file, join(formatFolder(folder, 'onnx'), 'model.onnx'));
  return { folder, exported };
}

function describe(file: string): ReadDescription {
  try {
    return readDescription(onnxMetadata(file));
  } catch (error) {
    throw new PredictionProblem(`${file} is no ONNX file of the stage \`export\`: ${reasonOf(error)}`);
  }
}

/**
 * Opens an exported model by its folder, or by an ONNX file of it: then what it lacks is made in `temporary`, an empty folder.
 * @throws PredictionProblem where it is none
 */
export function openExport(path: string, temporary: string): OpenedExport {
  if (statSync(path).isFile()) {
    const folder = dirname(dirname(path));
    const isInExport = basename(path) === 'model.onnx' && basename(dirname(path)) === 'onnx' && existsSync(join(folder, 'exported.json'));
    return isInExport ? openExport(folder, temporary) : exportOfOnnx(path, join(temporary, 'exported'));
  }
  try {
    return { folder: path, exported: readExported(path) };
  } catch (error) {
    throw new PredictionProblem(`${path} is no exported model: ${reasonOf(error)}`, 'Give the output `model` of the stage `export`.');
  }
}

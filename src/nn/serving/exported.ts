import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Preparation } from '../images/decode.ts';
import { preprocessingOf } from './description.ts';
import type { ModelInput } from '../weights/model-folder.ts';

/** What a model can be exported as; each has a folder of its name in that of the exported model. */
export type ExportFormat = 'onnx' | 'saved_model' | 'openvino' | 'tfjs' | 'timm' | 'transformers' | 'transformers_js';

/** What `exported.json` says of an exported model: all that its users need to know to feed it and to read its answers. */
export interface ExportedModel {
  readonly architecture: string;
  readonly classes: readonly string[];
  /** What it takes: the middle of a prepared image, normalised. */
  readonly input: ModelInput;
  /** How a picture is prepared before its middle is cropped. */
  readonly preparation: Preparation;
  readonly formats: readonly ExportFormat[];
  /** Of the ONNX files. */
  readonly opset?: number;
  /** The epsilons of the batch norms that are left. */
  readonly bn_eps?: readonly number[];
  /** How each format's answers were compared with the training graph's, in words; `no` with the reason where they were not. */
  readonly checked?: Partial<Record<ExportFormat, string>>;
}

const FORMAT = 1;

/**
 * Writes `exported.json` into the folder of an exported model, which is made if needed, with what follows from it at `preprocessing`.
 *
 * The same description gives the same bytes.
 */
export function writeExported(folder: string, exported: ExportedModel): void {
  const { architecture, classes, input, preparation, formats, opset, bn_eps, checked } = exported;
  const { layout: _, ...preprocessing } = preprocessingOf(input, preparation, 'NCHW');
  mkdirSync(folder, { recursive: true });
  const description = { format: FORMAT, architecture, classes, input, preparation, preprocessing, formats, opset, bn_eps, checked };
  writeFileSync(join(folder, 'exported.json'), `${JSON.stringify(description, null, 1)}\n`);
}

/** Reads what an exported model says of itself. Throws if the folder holds none, or one of another format. */
export function readExported(folder: string): ExportedModel {
  const { format, ...exported } = JSON.parse(readFileSync(join(folder, 'exported.json'), 'utf8')) as ExportedModel & { format: number };
  if (format !== FORMAT) throw new Error(`This exported model has the format ${format}; only ${FORMAT} can be read.`);
  return exported;
}

/** The folder of one format of an exported model, which may not have it. */
export function formatFolder(folder: string, format: ExportFormat): string {
  return join(folder, format);
}

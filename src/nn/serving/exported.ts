import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Preparation } from '../images/decode.ts';
import { preprocessingOf } from './description.ts';
import type { ModelInput } from '../weights/model-folder.ts';

/** What a model can be exported as; each has a folder of its name in that of the exported model. */
export type ExportFormat = 'onnx' | 'saved_model' | 'openvino' | 'tfjs' | 'timm' | 'transformers' | 'transformers_js';

/** How numbers are stored or computed with. */
export type Precision = 'float32' | 'float16' | 'bfloat16' | 'int8';

/** What `exported.json` says of an exported model: all that its users need to know to feed it and to read its answers. */
export interface ExportedModel {
  readonly architecture: string;
  readonly classes: readonly string[];
  /** What it takes: the middle of a prepared image, normalised. */
  readonly input: ModelInput;
  /** How a picture is prepared before its middle is cropped. */
  readonly preparation: Preparation;
  readonly formats: readonly ExportFormat[];
  /** Of the file in the folder `onnx`; left out, and of all other formats, float32. */
  readonly precision?: Precision;
  /** Of the ONNX files. */
  readonly opset?: number;
  /** The epsilons of the batch norms that are left. */
  readonly bn_eps?: readonly number[];
  /** How each format's answers were compared with the training graph's, in words; `no` with the reason where they were not. */
  readonly checked?: Partial<Record<ExportFormat, string>>;
  /** How far what takes pictures is from pictures that are prepared outside, in words; left out where nothing does. */
  readonly pictures?: string | undefined;
}

const FORMAT = 1;

/**
 * Writes `exported.json` into the folder of an exported model, which is made if needed, with what follows from it at `preprocessing`.
 *
 * The same description gives the same bytes.
 */
export function writeExported(folder: string, exported: ExportedModel): void {
  const { architecture, classes, input, preparation, formats, precision, opset, bn_eps, checked, pictures } = exported;
  const { layout: _, ...preprocessing } = preprocessingOf(input, preparation, 'NCHW');
  mkdirSync(folder, { recursive: true });
  const description = {
    format: FORMAT,
    architecture,
    classes,
    input,
    preparation,
    preprocessing,
    formats,
    precision,
    opset,
    bn_eps,
    checked,
    pictures,
  };
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

/**
 * What a runtime computes an exported model with, in words: its own precision, and that of the weights where they are stored in another;
 * a model in int8 is computed in int8.
 */
export function precisionInUse({ precision = 'float32' }: ExportedModel, runtime: { format: ExportFormat; precision: Precision }): string {
  if (runtime.format !== 'onnx' || precision === 'float32' || precision === runtime.precision) return runtime.precision;
  return precision === 'int8' ? 'int8' : `${runtime.precision} with ${precision} weights`;
}

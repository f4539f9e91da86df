import { writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  describeForOnnx,
  encodeOnnx,
  formatFolder,
  openOnnx,
  openSavedModel,
  preparationOf,
  writeSavedModel,
  writeTfjs,
} from 'stillroom/nn';
import type { DatasetInfo, ExportedClassifier, Model } from 'stillroom/nn';
import type { WorkContext } from 'stillroom';
import type stage from './stage.ts';

/** The formats that the stage writes. */
export type ExportFormat = WorkContext<typeof stage>['params']['formats'][number];

/** An exported model that is opened to be compared with what it was made from. */
export type Opened = Pick<ExportedClassifier, 'logits' | 'close' | 'layout'>;

/** What is exported. */
export interface Exporting {
  readonly model: Model;
  readonly data: DatasetInfo;
  /** The folder of the format. */
  readonly folder: string;
}

/** A form that a model is exported in. */
interface Format {
  write(exporting: Exporting): Promise<void>;
  /** Who runs it where it is compared. */
  readonly by: string;
  /** Opens what was written; a text says why that cannot be done here. */
  readonly open: ((folder: string, threads: number) => Promise<Opened>) | string;
}

/** The bytes of the ONNX file of a model. */
export function onnxOf({ network, input, classes, architecture, weights }: Model): Uint8Array {
  const options = { size: input.size, channels: input.channels, classes: classes.length, name: architecture };
  return encodeOnnx(network, weights, { ...options, metadata: describeForOnnx(input, classes, architecture) });
}

/** What can be chosen, by name. */
export const formats: Readonly<Record<ExportFormat, Format>> = {
  onnx: {
    async write({ model, folder }) {
      writeFileSync(join(folder, 'model.onnx'), onnxOf(model));
    },
    by: 'ONNX Runtime',
    open: (folder, threads) => openOnnx(join(folder, 'model.onnx'), threads),
  },
  saved_model: {
    write: async ({ model, folder }) => writeSavedModel(folder, model),
    by: 'TensorFlow',
    open: async (folder) => openSavedModel(folder),
  },
  tfjs: {
    async write({ model, data, folder }) {
      const { architecture, classes, input } = model;
      writeTfjs(folder, model, { architecture, classes, input, preparation: preparationOf(data) });
    },
    by: 'TensorFlow.js',
    open: 'TensorFlow.js is not a part of the stage',
  },
};

/** Writes a model in a form, into its folder of the exported model. */
export async function writeFormat(name: ExportFormat, exported: string, { model, data }: Omit<Exporting, 'folder'>): Promise<void> {
  const folder = formatFolder(exported, name);
  await mkdir(folder, { recursive: true });
  await formats[name].write({ model, data, folder });
}

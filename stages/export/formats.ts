import { writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  asHubModel,
  describeModel,
  encodeOnnx,
  encodeOpenVino,
  formatFolder,
  openOnnx,
  openSavedModel,
  openTfjsByTensorFlow,
  openTimm,
  preparationOf,
  writeSavedModel,
  writeTfjs,
  writeTimm,
  writeTransformers,
  writeTransformersJs,
} from 'stillroom/nn';
import type { DatasetInfo, Described, ExportedClassifier, Model } from 'stillroom/nn';
import type { WorkContext } from 'stillroom';
import type { OnnxForm } from './precision.ts';
import type stage from './stage.ts';

/** The formats that the stage writes. */
export type ExportFormat = WorkContext<typeof stage>['params']['formats'][number];

/** An exported model that is opened to be compared with what it was made from. */
export type Opened = Pick<ExportedClassifier, 'logits' | 'close' | 'layout'>;

/** What is exported. */
export interface Exporting {
  readonly model: Model;
  /** What the file of the format `onnx` is made of. */
  readonly onnx: OnnxForm;
  readonly data: DatasetInfo;
  /** Where a picture becomes what the network takes. */
  readonly preprocessing: 'metadata' | 'graph';
  /** The folder of the format. */
  readonly folder: string;
}

/** How what was written is compared with what it was made from. */
interface Check {
  readonly metric: Exclude<Parameters<WorkContext<typeof stage>['metric']>[0], 'megabytes' | 'accuracy_lost'>;
  /** Who runs it. */
  readonly by: string;
  open(folder: string, threads: number): Promise<Opened>;
}

/** A form that a model is exported in. */
interface Format {
  write(exporting: Exporting): Promise<void>;
  /** A text says why it cannot be compared here. */
  readonly check: Check | string;
}

/** What every file says of the model. */
const described = ({ model, data }: Pick<Exporting, 'model' | 'data'>): Described => ({ ...model, preparation: preparationOf(data) });

/** The bytes of the ONNX file of a model; with `takesPictures`, of the one that takes pictures. */
export function onnxOf({ model, precision, ...rest }: OnnxForm, data: DatasetInfo, takesPictures = false): Uint8Array {
  const { network, input, classes, architecture, weights } = model;
  const options = { size: input.size, channels: input.channels, classes: classes.length, name: architecture, ...rest };
  const taken = takesPictures ? { pictures: { input, preparation: preparationOf(data) } } : {};
  const metadata = { ...describeModel(described({ model, data }), 'NCHW'), precision };
  return encodeOnnx(network, weights, { ...options, ...taken, metadata });
}

/** The formats that the stage writes, by name. */
export const formats: Readonly<Record<ExportFormat, Format>> = {
  onnx: {
    async write({ onnx, data, folder, preprocessing }) {
      writeFileSync(join(folder, 'model.onnx'), onnxOf(onnx, data));
      if (preprocessing === 'graph') writeFileSync(join(folder, 'pictures.onnx'), onnxOf(onnx, data, true));
    },
    check: {
      metric: 'onnx_difference',
      by: 'ONNX Runtime',
      open: (folder, threads) => openOnnx(join(folder, 'model.onnx'), threads),
    },
  },
  saved_model: {
    write: async ({ model, data, folder, preprocessing }) =>
      writeSavedModel(folder, model, preprocessing === 'graph' ? preparationOf(data) : undefined),
    check: { metric: 'saved_model_difference', by: 'TensorFlow', open: async (folder) => openSavedModel(folder) },
  },
  openvino: {
    async write(exporting) {
      const { network, weights, input, architecture } = exporting.model;
      const metadata = describeModel(described(exporting), 'NCHW');
      const { xml, bin } = encodeOpenVino(network, weights, { ...input, name: architecture, metadata });
      writeFileSync(join(exporting.folder, 'model.xml'), xml);
      writeFileSync(join(exporting.folder, 'model.bin'), bin);
    },
    check: 'the stage does without OpenVINO, so that it exports where that is not installed',
  },
  tfjs: {
    write: async (exporting) => writeTfjs(exporting.folder, exporting.model, describeModel(described(exporting), 'NHWC')),
    check: {
      metric: 'tfjs_difference',
      by: 'TensorFlow, as the files say',
      open: async (folder) => openTfjsByTensorFlow(folder),
    },
  },
  timm: {
    write: async (exporting) => writeTimm(exporting.folder, asHubModel(exporting.model), described(exporting)),
    check: { metric: 'timm_difference', by: "ONNX Runtime, with the file's tensors in timm's architecture", open: openTimm },
  },
  transformers: {
    write: async (exporting) => writeTransformers(exporting.folder, asHubModel(exporting.model), described(exporting)),
    check: { metric: 'transformers_difference', by: "ONNX Runtime, with the file's tensors in timm's architecture", open: openTimm },
  },
  transformers_js: {
    async write({ model, data, folder }) {
      writeTransformersJs(folder, onnxOf({ model, precision: 'float32' }, data), described({ model, data }));
    },
    check: {
      metric: 'transformers_js_difference',
      by: 'ONNX Runtime',
      open: (folder, threads) => openOnnx(join(folder, 'onnx', 'model.onnx'), threads),
    },
  },
};

/** Writes a model in a form into its folder of the exported model. */
export async function writeFormat(name: ExportFormat, exported: string, exporting: Omit<Exporting, 'folder'>): Promise<void> {
  const folder = formatFolder(exported, name);
  await mkdir(folder, { recursive: true });
  await formats[name].write({ ...exporting, folder });
}

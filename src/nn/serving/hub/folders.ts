import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import type { Preparation } from '../../images/decode.ts';
import { ModelProtoSchema } from '../../onnx/generated/onnx_pb.ts';
import { encodeSafetensors } from '../../weights/safetensors.ts';
import type { ExportedModel } from '../exported.ts';
import { counterparts } from './counterparts.ts';
import { NoCounterpartError, timmWeights } from './hub-model.ts';
import type { HubModel } from './hub-model.ts';
import { timmPreprocessing, transformersPreprocessing } from './preprocessing.ts';
import { hubReadme, type Library } from './readme.ts';

/** What the folders say of a model beside its weights. */
type Described = Pick<ExportedModel, 'architecture' | 'classes' | 'input' | 'preparation'>;

function writeJson(folder: string, name: string, content: unknown): void {
  writeFileSync(join(folder, name), `${JSON.stringify(content, null, 2)}\n`);
}

/** The answers of a model by their number, and the numbers by the answers. */
function labelsOf(classes: readonly string[]): { id2label: Record<string, string>; label2id: Record<string, number> } {
  return {
    id2label: Object.fromEntries(classes.map((name, index) => [index, name])),
    label2id: Object.fromEntries(classes.map((name, index) => [name, index])),
  };
}

/** The file of weights, with the counters that PyTorch's batch norms have beside them. */
function writeWeights(folder: string, model: HubModel): void {
  const weights = timmWeights(model);
  const variances = [...weights.keys()].filter((name) => name.endsWith('.running_var')).sort();
  const counters = variances.map((name) => name.replace(/running_var$/, 'num_batches_tracked'));
  writeFileSync(join(folder, 'model.safetensors'), encodeSafetensors(weights, { metadata: { format: 'pt' }, counters }));
}

function writeReadme(folder: string, library: Library, described: Described, differs: string | undefined): void {
  writeFileSync(join(folder, 'README.md'), hubReadme(library, described, differs));
}

/** What timm reads of `config.json`; transformers' wrapper of timm reads the same. */
function timmConfig({ counterpart }: HubModel, { classes, input, preparation }: Described): Record<string, unknown> {
  const { timm, features, ends, arguments: own } = counterpart;
  const grey = input.channels === 3 ? {} : { in_chans: input.channels };
  const source = { custom_load: false, fixed_input_size: false, first_conv: ends[0], classifier: ends[1] };
  return {
    architecture: timm,
    num_classes: classes.length,
    num_features: features,
    global_pool: 'avg',
    label_names: classes,
    model_args: { ...own, ...grey },
    pretrained_cfg: { ...timmPreprocessing(input, preparation).fields, num_classes: classes.length, ...source },
  };
}

/** Writes the folder that `timm.create_model('local-dir:…', pretrained=True)` loads. The same model gives the same bytes. */
export function writeTimm(folder: string, model: HubModel, described: Described): void {
  mkdirSync(folder, { recursive: true });
  writeJson(folder, 'config.json', timmConfig(model, described));
  writeReadme(folder, 'timm', described, timmPreprocessing(described.input, described.preparation).differs);
  writeWeights(folder, model);
}

/**
 * Writes the folder that Python's transformers loads by `AutoModelForImageClassification.from_pretrained`, through timm, which must be
 * installed beside it.
 */
export function writeTransformers(folder: string, model: HubModel, described: Described): void {
  mkdirSync(folder, { recursive: true });
  const { fields, differs } = timmPreprocessing(described.input, described.preparation);
  const type = { model_type: 'timm_wrapper', architectures: ['TimmWrapperForImageClassification'], dtype: 'float32' };
  const config = timmConfig(model, described);
  writeJson(folder, 'config.json', { ...type, ...config, ...labelsOf(described.classes) });
  const processor = { image_processor_type: 'TimmWrapperImageProcessor', architecture: model.counterpart.timm, pretrained_cfg: fields };
  writeJson(folder, 'preprocessor_config.json', processor);
  writeReadme(folder, 'transformers', described, differs);
  writeWeights(folder, model);
}

/** An ONNX file whose input is called as transformers.js feeds it. */
function withInputOf(onnx: Uint8Array, name: string): Uint8Array {
  const model = fromBinary(ModelProtoSchema, onnx);
  const { graph } = model;
  const [input] = graph?.input ?? [];
  if (graph === undefined || input === undefined) throw new Error('The ONNX file has no input.');
  for (const node of graph.node) node.input = node.input.map((own) => (own === input.name ? name : own));
  input.name = name;
  return toBinary(ModelProtoSchema, model);
}

/** The model type by which transformers.js knows an architecture. Throws a `NoCounterpartError` where it knows none. */
export function transformersJsType(architecture: string): string {
  const type = counterparts.get(architecture)?.modelType;
  if (type !== undefined) return type;
  const known = [...counterparts].flatMap(([name, { modelType }]) => (modelType === undefined ? [] : [name]));
  throw new NoCounterpartError(
    `transformers.js knows no model type for ${architecture}`,
    `leave transformers_js out of formats: onnxruntime-web runs the ONNX file. Known are: ${known.join(', ')}.`,
  );
}

/**
 * Writes the folder that `pipeline('image-classification', …)` of `@huggingface/transformers` loads: an ONNX file with a description. It is
 * not the folder of Python's transformers, since neither package knows the model type that the other one needs.
 * @param onnx the exported file
 */
export function writeTransformersJs(folder: string, onnx: Uint8Array, described: Described): void {
  const { architecture, classes, input, preparation } = described;
  mkdirSync(join(folder, 'onnx'), { recursive: true });
  const config = { model_type: transformersJsType(architecture), num_channels: input.channels, image_size: input.size };
  writeJson(folder, 'config.json', { ...config, ...labelsOf(classes) });
  const { fields, differs } = transformersPreprocessing(input, preparation);
  writeJson(folder, 'preprocessor_config.json', { image_processor_type: 'ViTImageProcessor', ...fields });
  writeReadme(folder, 'transformers.js', described, differs);
  writeFileSync(join(folder, 'onnx', 'model.onnx'), withInputOf(onnx, 'pixel_values'));
}

/** What each package does otherwise with a picture than this model's images were prepared; one sentence each. */
export function preprocessingDifferences(
  input: Described['input'],
  preparation: Preparation,
): Readonly<Record<string, string | undefined>> {
  const timm = timmPreprocessing(input, preparation).differs;
  return { timm, transformers: timm, transformers_js: transformersPreprocessing(input, preparation).differs };
}

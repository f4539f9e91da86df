import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  describeModel,
  encodeOnnx,
  fuse,
  initialWeights,
  precisionInUse,
  quantise,
  readExported,
  writeExported,
  writeSavedModel,
} from 'stillroom/nn';
import type { ExportedClassifier, GraphRewrite, Model, Precision } from 'stillroom/nn';
import { watchLoad } from '../../../stages/benchmark/load.ts';
import mobileNetV3Small from '../../../src/nn/models/mobilenet-v3-small.ts';
import { runtimeOf } from './file-to-label.ts';
import { CLASSES, SIZE } from './model.ts';

const input = { size: SIZE, channels: 3, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const [area, calibrating] = [3 * SIZE * SIZE, 4];

/** Numbers evenly within ±2 that look random. */
function noise(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, place) => ((Math.imul(place + 1, 0x9e3779b1) >>> 8) / 2 ** 24 - 0.5) * 4);
}

/** A form of the model: what it is called, and how the runtimes that read it take it. */
interface Form {
  readonly name: string;
  readonly runtime: string;
  /** What a runtime that has a choice computes with. */
  readonly precision: string;
}

/** In the order that they are told in; each is compared with the runtime's `folded`, in float32. */
const forms: readonly Form[] = [
  ...['onnxruntime', 'openvino', 'tensorflow'].flatMap((runtime) => [
    { name: 'folded', runtime, precision: 'float32' },
    { name: 'unfolded', runtime, precision: 'float32' },
  ]),
  { name: 'folded', runtime: 'openvino', precision: 'bfloat16' },
  { name: 'int8-openvino', runtime: 'openvino', precision: 'float32' },
  { name: 'int8-onnxruntime', runtime: 'onnxruntime', precision: 'float32' },
];

/** Writes MobileNetV3-small of fresh weights with and without batch norms, and in int8; only the speed of these means something. */
async function writeForms(folder: string, threads: number): Promise<void> {
  const network = mobileNetV3Small({ classes: CLASSES.length, channels: 3, stemStride: 2 });
  const unfolded: Model = {
    ...{ architecture: 'mobilenet-v3-small', network, input, classes: CLASSES, training: { holdout: null } },
    weights: initialWeights(network, 1),
  };
  const folded = { ...unfolded, ...fuse(unfolded) };
  writeForm(join(folder, 'unfolded'), unfolded, 'float32');
  writeForm(join(folder, 'folded'), folded, 'float32');
  for (const target of ['openvino', 'onnxruntime'] as const) {
    const { rewrite } = await quantise(folded, {
      ...{ target, keepFloat: [], method: 'percentile', percentile: 99.99, threads },
      batches: () => [noise(calibrating * area)],
    });
    writeForm(join(folder, `int8-${target}`), folded, 'int8', rewrite);
  }
}

function writeForm(folder: string, model: Model, precision: Precision, rewrite?: GraphRewrite): void {
  const { architecture, classes, network, weights } = model;
  const preparation = { size: SIZE, channels: 3, fit: 'cover', background: 0 } as const;
  writeExported(folder, { architecture, classes, input, preparation, precision, formats: ['onnx', 'saved_model'] });
  for (const format of ['onnx', 'saved_model']) mkdirSync(join(folder, format), { recursive: true });
  const options = { size: SIZE, channels: 3, classes: classes.length, name: architecture, ...(rewrite === undefined ? {} : { rewrite }) };
  const metadata = describeModel({ ...model, preparation }, 'NCHW');
  writeFileSync(join(folder, 'onnx/model.onnx'), encodeOnnx(network, weights, { ...options, metadata }));
  if (precision === 'float32') writeSavedModel(join(folder, 'saved_model'), model);
}

/** What is measured. */
interface Measuring {
  /** Where the forms are written. */
  readonly folder: string;
  readonly threads: number;
  readonly rounds: number;
  /** Images of a round. */
  readonly images: number;
}

interface Opened extends Form {
  readonly model: ExportedClassifier;
  readonly under: string;
}

/**
 * Measures what folding batch norms and a lower precision bring in each runtime: milliseconds of the model alone at batch 1, all forms in
 * turn in every round, of which the fastest counts. What is not installed is told.
 */
export async function measureForms({ folder, threads, rounds, images }: Measuring): Promise<string[]> {
  await writeForms(folder, threads);
  const [opened, missing]: [Opened[], string[]] = [[], []];
  for (const form of forms) {
    try {
      const runtime = await runtimeOf(form.runtime, form.precision);
      const model = await runtime.open(join(folder, form.name), { threads });
      const under = `${form.runtime} ${runtime.version}, ${precisionInUse(readExported(join(folder, form.name)), runtime)}`;
      opened.push({ ...form, model, under });
    } catch (error) {
      missing.push(`  ${form.runtime}, ${form.name}, ${form.precision}: not measured: ${(error as Error).message}`);
    }
  }
  const fed = noise(area);
  const loadSince = watchLoad();
  const times = new Map<Opened, number[]>(opened.map((one) => [one, []]));
  for (let round = 0; round < rounds; round++) {
    for (const one of opened) {
      for (let warm = 0; warm < images / 5; warm++) await one.model.logits(fed, 1);
      const start = performance.now();
      for (let image = 0; image < images; image++) await one.model.logits(fed, 1);
      times.get(one)?.push((performance.now() - start) / images);
    }
  }
  const { others } = loadSince();
  for (const { model } of opened) await model.close();
  const head = `forms: the model alone at batch 1, ${threads} ${threads === 1 ? 'thread' : 'threads'}, others used ${Math.round(100 * others)} % of the machine`;
  return [head, ...opened.map((one) => lineOf(one, times)), ...missing];
}

/** The milliseconds of a form, and its images a second beside those of the runtime's plain form. */
function lineOf(one: Opened, times: ReadonlyMap<Opened, readonly number[]>): string {
  const plain = [...times.keys()].find((own) => own.runtime === one.runtime && own.name === 'folded' && own.precision === 'float32');
  const [own, base] = [fastest(times.get(one)), fastest(times.get(plain ?? one))];
  const against = one === plain ? '' : `, ${(base / own).toFixed(2)} × folded float32 (${(1000 / own - 1000 / base).toFixed(0)} images/s)`;
  return `  ${one.under}, ${one.name}: ${own.toFixed(3)} ms, ${(1000 / own).toFixed(0)} images/s${against}`;
}

/** Of rounds of the same work the one that others disturbed least. */
function fastest(rounds: readonly number[] = []): number {
  return Math.min(...rounds);
}

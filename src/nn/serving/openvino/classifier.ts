import { join } from 'node:path';
import { readExported } from '../exported.ts';
import type { ExportedClassifier, InferenceRuntime } from '../runtime.ts';
import { type OpenVino, OpenVinoError, openVino } from './functions.ts';

/** What OpenVINO computes with, by the names of its property INFERENCE_PRECISION_HINT. */
const precisions = { float32: 'f32', bfloat16: 'bf16', float16: 'f16' } as const;

/** How OpenVINO is to run a model. */
export interface OpenVinoOptions {
  readonly threads: number;
  /** Never left to OpenVINO: by itself it takes bfloat16 where the processor has it. */
  readonly precision: keyof typeof precisions;
  /** Whether each thread stays on one core. */
  readonly pinning: boolean;
}

/** OpenVINO's number for float32 among the types of elements. */
const FLOAT32 = 4;

/** The version of the OpenVINO that set-up has brought. */
function openVinoVersion(): string {
  const { functions, does } = openVino();
  const version: { build?: string } = {};
  does('tell its version', functions.version, version);
  // What follows is the build.
  return String(version.build).split('-', 1)[0] as string;
}

/** A model compiled for batches of one size, with the memory that it reads from and writes to. */
interface Compiled {
  readonly request: unknown;
  readonly images: Float32Array;
  readonly logits: Float32Array;
  free(): void;
}

/** What each compilation is made of. */
interface Source {
  readonly library: OpenVino;
  readonly core: unknown;
  readonly file: string;
  readonly options: OpenVinoOptions;
  readonly image: readonly [channels: number, height: number, width: number];
  readonly classes: number;
}

/** The shape of a batch as OpenVINO's structures for known and for possible shapes. */
function shapes({ dimensions }: OpenVino, extents: readonly number[]) {
  const rank = extents.length;
  return {
    known: { rank, dims: dimensions(extents) },
    possible: { least: rank, most: rank, dims: dimensions(extents.flatMap((extent) => [extent, extent])) },
  };
}

/** Compiles the model for one size of batch: known shapes are what it is fast with. */
function compile({ library, core, file, options, image, classes }: Source, count: number): Compiled {
  const { functions, made, does, floats, text } = library;
  const [input, output] = [shapes(library, [count, ...image]), shapes(library, [count, classes])];
  const model = made('read the model', functions.read, core, file, null);
  let compiled: unknown;
  try {
    does(`take batches of ${count}`, functions.reshape, model, input.possible);
    const properties = {
      PERFORMANCE_HINT: 'LATENCY',
      INFERENCE_PRECISION_HINT: precisions[options.precision],
      INFERENCE_NUM_THREADS: String(options.threads),
      ENABLE_CPU_PINNING: options.pinning ? 'YES' : 'NO',
    };
    const written = Object.entries(properties).flat();
    const out: unknown[] = [null];
    does(
      'compile the model',
      functions.compile,
      core,
      model,
      'CPU',
      written.length,
      out,
      ...written.flatMap((one) => ['const char *', one]),
    );
    [compiled] = out;
  } finally {
    functions.freeModel(model);
  }
  const used = made('tell its precision', functions.property, compiled, 'INFERENCE_PRECISION_HINT');
  const precision = text(used);
  functions.freeText(used);
  if (precision !== precisions[options.precision]) {
    functions.freeCompiled(compiled);
    throw new OpenVinoError(`OpenVINO cannot compute in ${options.precision} on this processor: it takes ${precision}.`);
  }
  const request = made('prepare a request', functions.request, compiled);
  const [images, logits] = [floats(count * image.reduce((area, extent) => area * extent, 1)), floats(count * classes)];
  const fed = made('take images', functions.tensor, FLOAT32, input.known, images.pointer);
  const given = made('give logits', functions.tensor, FLOAT32, output.known, logits.pointer);
  does('take images', functions.setInput, request, fed);
  does('give logits', functions.setOutput, request, given);
  return {
    request,
    images: images.numbers,
    logits: logits.numbers,
    free() {
      functions.freeRequest(request);
      for (const tensor of [fed, given]) functions.freeTensor(tensor);
      functions.freeCompiled(compiled);
    },
  };
}

/** Sizes of batches that stay compiled. */
const KEPT = 4;

/**
 * Opens a file (ONNX, or the `model.xml` of OpenVINO's own format) of an exported model with OpenVINO on the CPU. Batches of any size are
 * taken; each size is compiled when it first comes. Throws `OpenVinoError` where OpenVINO lacks an operation of the model, or the processor
 * the precision.
 */
export function openByOpenVino(
  file: string,
  { input, classes }: Pick<ExportedClassifier, 'input' | 'classes'>,
  options: OpenVinoOptions,
): ExportedClassifier {
  const library = openVino();
  const core = library.made('start', library.functions.core);
  const image = [input.channels, input.size, input.size] as const;
  const source = { library, core, file, options, image, classes: classes.length };
  const kept = new Map<number, Compiled>();
  const forBatch = (count: number): Compiled => {
    const compiled = kept.get(count) ?? compile(source, count);
    kept.delete(count);
    kept.set(count, compiled);
    for (const [oldest, one] of kept) {
      if (kept.size <= KEPT) break;
      kept.delete(oldest);
      one.free();
    }
    return compiled;
  };
  forBatch(1);
  return {
    input,
    classes,
    layout: 'NCHW',
    async logits(images, count) {
      const { request, images: fed, logits } = forBatch(count);
      fed.set(images);
      library.does('run the model', library.functions.infer, request);
      return logits.slice();
    },
    async close() {
      for (const one of kept.values()) one.free();
      kept.clear();
      library.functions.freeCore(core);
    },
  };
}

/** What runs exported models by OpenVINO, in a precision. */
export function openVinoRuntime({ precision, pinning }: Omit<OpenVinoOptions, 'threads'>): InferenceRuntime {
  return {
    get version() {
      return openVinoVersion();
    },
    precision,
    affinity: pinning ? 'pinned' : 'free',
    format: 'onnx',
    open: async (folder, { threads }) =>
      openByOpenVino(join(folder, 'onnx', 'model.onnx'), readExported(folder), { threads, precision, pinning }),
  };
}

import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { decodeOneImageAThread } from '../images/decode.ts';
import { findPictures } from '../images/pictures.ts';
import { type LabelledPicture, labelPictures, type Picture } from './labelling.ts';
import { openExport } from './opening.ts';
import { PredictionProblem } from './prediction-problem.ts';
import type { InferenceRuntime } from './runtime.ts';
import { predictionsCsv, readForm, type Submission, type SubmissionForm, writeSubmission } from './submission.ts';

/** What is asked of a model. */
export interface PredictionRequest {
  /** The folder of an exported model, or an ONNX file of one. */
  readonly model: string;
  /** Absolute paths of pictures, and of folders of them, however deep. */
  readonly paths: readonly string[];
  /** An empty folder for what is needed meanwhile. */
  readonly temporary: string;
  /** The name of the runtime, for messages. */
  readonly runtime: string;
  readonly threads: number;
  /** Pictures at once. */
  readonly batch: number;
  readonly submission?: SubmissionForm | undefined;
  readonly signal?: AbortSignal | undefined;
  progress(done: number, total: number): void;
}

/** What a model says of pictures. */
export interface Prediction {
  readonly architecture: string;
  readonly classes: readonly string[];
  /** Of the runtime. */
  readonly version: string;
  readonly precision: string;
  /** In the order of their paths; those of a folder in byte order. */
  readonly pictures: readonly LabelledPicture[];
  /** Files of folders that are no pictures by their name, absolute. */
  readonly passedOver: readonly string[];
  /** All of it, as CSV. */
  readonly csv: string;
  readonly submission: Submission | undefined;
}

/** The pictures at paths, each once. */
async function gather(paths: readonly string[]): Promise<{ pictures: readonly Picture[]; passedOver: readonly string[] }> {
  const pictures = new Map<string, Picture>();
  const passedOver: string[] = [];
  for (const path of paths) {
    if (!(await stat(path)).isDirectory()) {
      if (!pictures.has(path)) pictures.set(path, { name: basename(path), path });
      continue;
    }
    const found = await findPictures(path);
    for (const name of found.pictures)
      if (!pictures.has(join(path, name))) pictures.set(join(path, name), { name, path: join(path, name) });
    passedOver.push(...found.others.map((name) => join(path, name)));
  }
  if (pictures.size === 0) {
    const kinds = 'Pictures are JPEG, PNG, WebP, TIFF, GIF, AVIF or SVG, and are known by their suffix in a folder.';
    throw new PredictionProblem(`there is no picture in ${paths.join(', ')}`, kinds);
  }
  return { pictures: [...pictures.values()], passedOver };
}

/**
 * Labels pictures by an exported model, each as the stage `benchmark` would.
 * @throws PredictionProblem where the user has to put something right, and the signal's reason where it comes
 */
export default async function predict(runtime: InferenceRuntime, request: PredictionRequest): Promise<Prediction> {
  const { folder, exported } = openExport(request.model, request.temporary);
  const { classes, architecture, preparation } = exported;
  if (!exported.formats.includes(runtime.format)) {
    throw new PredictionProblem(
      `the runtime ${request.runtime} reads ${runtime.format}, and the model was exported as ${exported.formats.join(', ')} only`,
      `Add ${runtime.format} to the param \`formats\` of the stage \`export\`, or choose another runtime.`,
    );
  }
  const form = request.submission === undefined ? undefined : await readForm(request.submission, classes);
  const { pictures, passedOver } = await gather(request.paths);
  decodeOneImageAThread();
  const model = await opened(runtime, folder, request);
  const labelled: LabelledPicture[] = [];
  request.progress(0, pictures.length);
  for await (const some of labelPictures(model, preparation, pictures, request)) {
    labelled.push(...some);
    request.progress(labelled.length, pictures.length);
  }
  await model.close();
  return {
    ...{ architecture, classes, version: runtime.version, precision: runtime.precision, pictures: labelled, passedOver },
    csv: predictionsCsv(classes, labelled),
    submission: form === undefined ? undefined : writeSubmission(form, classes, labelled),
  };
}

async function opened(runtime: InferenceRuntime, folder: string, { model, threads, runtime: name }: PredictionRequest) {
  try {
    return await runtime.open(folder, { threads });
  } catch (error) {
    throw new PredictionProblem(`${name} cannot open ${model}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

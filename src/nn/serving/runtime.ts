import type { TensorLayout } from '../images/normalise.ts';
import type { ModelInput } from '../weights/model-folder.ts';
import type { Classifier } from './classifier.ts';
import type { ExportFormat, Precision } from './exported.ts';

/** An exported model that is opened, with what it says of itself. */
export interface ExportedClassifier extends Classifier {
  readonly input: ModelInput;
  readonly classes: readonly string[];
  /** The order of the numbers of an image that it takes. */
  readonly layout: TensorLayout;
}

/** How a runtime is to run a model. */
export interface RuntimeOptions {
  /** Of the CPU. */
  readonly threads: number;
}

/** What runs exported models. */
export interface InferenceRuntime {
  readonly version: string;
  /** Of the numbers that it computes with. */
  readonly precision: Precision;
  /** The most threads that it uses, where it cannot use as many as it is given. */
  readonly mostThreads?: number;
  /** Whether each of its threads stays on one core. */
  readonly affinity: 'pinned' | 'free';
  /** What it reads of an exported model. */
  readonly format: ExportFormat;
  /** Opens a model that the stage `export` wrote, by its folder. */
  open(folder: string, options: RuntimeOptions): Promise<ExportedClassifier>;
}

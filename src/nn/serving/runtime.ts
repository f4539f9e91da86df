import type { ModelInput } from '../weights/model-folder.ts';
import type { Classifier } from './classifier.ts';

/** An exported model that is opened, with what its file says of itself. It takes images as channels × height × width. */
export interface ExportedClassifier extends Classifier {
  readonly input: ModelInput;
  readonly classes: readonly string[];
}

/** What runs exported models. */
export interface InferenceRuntime {
  readonly version: string;
  /** Of the numbers that it computes with. */
  readonly precision: 'float32' | 'float16' | 'bfloat16' | 'int8';
  /** Opens a file that the stage `export` wrote, on the CPU with that many threads. */
  open(file: string, threads: number): Promise<ExportedClassifier>;
}

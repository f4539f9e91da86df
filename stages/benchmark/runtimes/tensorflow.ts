import { join } from 'node:path';
import { engineFacts, openSavedModel, readExported } from 'stillroom/nn';
import type { InferenceRuntime } from 'stillroom/nn';

export const about = 'TensorFlow as a server runs it, from the format saved_model.';

/** TensorFlow, by its C API and a SavedModel, as a server would run it. Its threads are those of the node's process. */
const tensorflow: InferenceRuntime = {
  get version() {
    return engineFacts().version;
  },
  precision: 'float32',
  affinity: 'free',
  format: 'saved_model',
  async open(folder) {
    const { input, classes } = readExported(folder);
    return { input, classes, ...openSavedModel(join(folder, 'saved_model')) };
  },
};

export default tensorflow;

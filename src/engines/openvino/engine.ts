import type { Engine } from '../../model/engine.ts';
import { openvinoPackage, readOpenvinoFacts } from '../../setup/facts.mjs';

/** OpenVINO, which runs exported models, by its C library. */
export const engine: Engine = {
  name: 'openvino',
  package: openvinoPackage,
  remedy: (node) =>
    `set it up (npx stillroom doctor --openvino; in a checkout npm run setup -- --openvino), or take another runtime: --set ${node}.runtime=onnxruntime`,
  facts() {
    const installed = readOpenvinoFacts();
    return installed === undefined ? undefined : { version: installed.version, device: 'cpu' };
  },
  use: (_threads, facts) => ({ ...facts, device: 'cpu', environment: {} }),
};

import type { Engine } from '../../model/engine.ts';
import { openvinoPackage, readOpenvinoFacts } from '../../setup/facts.mjs';

/** OpenVINO, which runs exported models, by its C library. */
export const engine: Engine = {
  name: 'openvino',
  package: openvinoPackage,
  trial: `
    const folder = require.resolve('${openvinoPackage}').replace(/\\/koffi\\/.*$/, '/koffi/deps/openvino/libs/');
    const file = require('node:fs').readdirSync(folder).find((name) => name.startsWith('libopenvino_c.so'));
    require('${openvinoPackage}').load(folder + file);
  `,
  remedy(node, executor) {
    const doctor =
      executor === undefined
        ? 'npx stillroom doctor --openvino; in a checkout npm run setup -- --openvino'
        : `npx stillroom doctor --executor ${executor} --openvino`;
    return `set it up (${doctor}), or take another runtime: --set ${node}.runtime=onnxruntime`;
  },
  facts() {
    const installed = readOpenvinoFacts();
    return installed === undefined ? undefined : { version: installed.version, device: 'cpu' };
  },
  use: (_threads, facts) => ({ ...facts, device: 'cpu', environment: {} }),
};

import type { Engine } from '../../model/engine.ts';
import { addonPackage, hasNvidiaDriver, readEngineFacts } from '../../setup/facts.mjs';

/** TensorFlow, by the addon that set-up builds. */
export const engine: Engine = {
  name: 'tensorflow',
  package: addonPackage,
  trial: `require('${addonPackage}/lib/napi-v8/tfjs_binding.node')`,
  remedy: (_node, executor) =>
    `set it up: npx stillroom doctor${executor === undefined ? '' : ` --executor ${executor}`} --install (about 0.8 GB, once for all projects; only training and trained models need it)`,
  facts() {
    const installed = readEngineFacts();
    if (installed === undefined) return undefined;
    const { libtensorflow: version, variant, operations } = installed;
    // Machines of a cluster share an installation, and not all have what the build is for.
    const device = installed.device === 'gpu' && hasNvidiaDriver() ? 'gpu' : 'cpu';
    const common = { version, device, precision: 'float32', onednn: true } as const;
    if (device === 'cpu') return { ...common, operations, ...(installed.device === 'cpu' ? {} : { variant }) };
    // On a GPU none of our operations is used.
    return common;
  },
  use(threads, facts) {
    const device = facts['device'] === 'gpu' ? 'gpu' : 'cpu';
    const environment = {
      // Measured on a small student with two threads: two operations at once beat one on two threads, 29 against 44 ms a step.
      TF_NUM_INTEROP_THREADS: String(Math.min(2, threads)),
      TF_NUM_INTRAOP_THREADS: String(Math.ceil(threads / 2)),
      TF_ENABLE_ONEDNN_OPTS: facts['onednn'] === true ? '1' : '0',
      TF_CPP_MIN_LOG_LEVEL: '2',
      // TensorFlow falls back to the CPU by itself: a child that finds itself on another device fails.
      STILLROOM_DEVICE: device,
    };
    return { ...facts, device, environment };
  },
};

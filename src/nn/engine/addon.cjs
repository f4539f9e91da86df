/**
 * The native addon of `@tensorflow/tfjs-node-gpu`, loaded when it is first asked for: each thread of a stage imports the whole toolkit, and
 * an addon with state of its own must not be loaded by a thread that never computes. A CommonJS module, since only `require` loads addons.
 *
 * @typedef {import('./tfjs-binding.ts').Binding} Binding
 */

/** @type {Binding | undefined} */
let loaded;

/** @returns {Binding} */
exports.addon = () => {
  loaded ??= require('@tensorflow/tfjs-node-gpu/lib/napi-v8/tfjs_binding.node');
  return loaded;
};

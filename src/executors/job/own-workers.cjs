/**
 * Loaded first in a stage's process and in each of its workers: gives workers that the code starts by itself the permissions of the process.
 * Node gives a worker none to keep to that is started with arguments of its own, and those that its own NODE_OPTIONS name. A CommonJS
 * module, since that is loaded first at little cost.
 *
 * @typedef {import('node:worker_threads').WorkerOptions} WorkerOptions
 */

const threads = require('node:worker_threads');
const { syncBuiltinESMExports } = require('node:module');

const PERMISSION = /^--(?:no-)?(?:(?:experimental-)?permission|allow-)/;
const kept = [...process.execArgv.filter((flag) => PERMISSION.test(flag)), `--require=${__filename}`];

/** The options of a worker that takes nothing of its permissions from elsewhere.
 * @param {WorkerOptions} [options]
 * @returns {WorkerOptions}
 */
function held(options = {}) {
  const { execArgv, env, ...others } = options;
  if (execArgv === undefined && env === undefined) return others;
  const own = Array.from(execArgv ?? [], String).filter((flag) => !PERMISSION.test(flag));
  // Workers that share the variables are given these as they are now.
  if (env === threads.SHARE_ENV) delete process.env['NODE_OPTIONS'];
  const { NODE_OPTIONS: _, ...variables } = typeof env === 'object' ? env : process.env;
  return { ...others, execArgv: [...kept, ...own], env: env === threads.SHARE_ENV ? env : variables };
}

const { Worker } = threads;
threads.Worker = new Proxy(Worker, {
  construct: (target, [file, options], newTarget) => Reflect.construct(target, [file, held(options)], newTarget),
});
Worker.prototype.constructor = threads.Worker;
syncBuiltinESMExports();

/**
 * Gives workers that a stage's code starts by itself, with arguments of their own, the permissions of this process too: Node would give them
 * none to keep to.
 */
export function keepPermissions(): void {
  const threads = process.getBuiltinModule('node:worker_threads');
  const { Worker } = threads;
  const permissions = process.execArgv.filter((flag) => /^--(?:(?:experimental-)?permission$|allow-)/.test(flag));
  threads.Worker = class extends Worker {
    constructor(...[file, options]: ConstructorParameters<typeof Worker>) {
      const execArgv = options?.execArgv;
      super(file, execArgv === undefined ? options : { ...options, execArgv: [...permissions, ...execArgv] });
    }
  };
  process.getBuiltinModule('node:module').syncBuiltinESMExports();
}

import { ProcessExecutor } from '../executors/process/executor.ts';
import type { Executor, Executors } from '../model/executor.ts';
import type { JsonObject } from '../model/json.ts';
import { done } from '../model/problem.ts';
import { readEngineFacts } from '../setup/facts.mjs';

/** What stages that reach TensorFlow depend on; undefined where the engine is not set up. */
function tensorFlowFacts(): JsonObject | undefined {
  const facts = readEngineFacts();
  return facts === undefined ? undefined : { version: facts.libtensorflow, device: facts.device, precision: 'float32', onednn: true };
}

/** Where a project's nodes can be executed. */
export function projectExecutors(environment: Readonly<Record<string, string | undefined>>): Executors {
  let local: Executor | undefined;
  return {
    async get() {
      const tensorflow = tensorFlowFacts();
      local ??= new ProcessExecutor('local', tensorflow === undefined ? {} : { tensorflow }, environment);
      return done(local);
    },
  };
}

import { arch, availableParallelism, cpus, machine, platform, release, totalmem } from 'node:os';
import type { JsonObject } from '../model/json.ts';

/** What is known of the machine and its engines, gathered once a run. */
export interface Facts {
  /** Platform, architecture and Node's major: part of every TypeScript stage's fingerprint. */
  readonly platform: string;
  /** What stages that reach TensorFlow depend on; undefined where the engine is not set up. */
  readonly tensorflow: JsonObject | undefined;
  /** What stages that measure the machine depend on; never a host name. */
  readonly machine: JsonObject;
}

/** Reads this machine's facts. */
export function readFacts(tensorflow: JsonObject | undefined): Facts {
  return {
    platform: `${platform()}-${arch()}-node${process.versions.node.split('.')[0]}`,
    tensorflow,
    machine: {
      cpu: cpus()[0]?.model ?? machine(),
      cores: availableParallelism(),
      memory: totalmem(),
      accelerator: tensorflow?.['device'] ?? 'cpu',
      system: `${platform()} ${release()}`,
      node: process.versions.node,
      v8: process.versions.v8,
    },
  };
}

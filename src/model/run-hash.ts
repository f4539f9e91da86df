import { digestOf } from './canonical.ts';
import type { RunNode } from './run.ts';

/**
 * The hash of a done run: of each node what was asked (stage, code, params, inputs) and what came out, but for what was measured. Equal
 * results share it, whatever the machine and its speed.
 */
export function runHash(nodes: Readonly<Record<string, RunNode>>): string {
  const entries = Object.entries(nodes).map(([name, { stage, code, params, inputs, outputs }]) => {
    const digests = Object.entries(outputs ?? {})
      .filter(([, { measured }]) => !measured)
      .map(([port, { digest }]) => [port, digest] as const);
    return [name, { stage, code: code ?? null, params, inputs: inputs ?? {}, outputs: Object.fromEntries(digests) }] as const;
  });
  return digestOf({ format: 1, nodes: Object.fromEntries(entries) });
}

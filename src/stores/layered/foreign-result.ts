import { isObject } from '../../files/json.ts';
import type { Artifact } from '../../model/artifact.ts';
import { canonicalJson, isDigest } from '../../model/canonical.ts';
import type { JsonObject } from '../../model/json.ts';
import { type Attempt, type MetricValue, RESULT_FORMAT } from '../../model/result.ts';
import type { WantedResult } from '../../model/store.ts';

/** Facts that are nested deeper are no facts. */
const DEEPEST = 20;

/** What a name in a record from elsewhere may be. */
const NAME = /^[^\p{Cc}]+$/u;

/**
 * The attempt in a record that a remote gave for a wanted result, or in words why it is not used. Only what is known of an attempt is
 * taken over, and its outputs are exactly the ports, kinds and suffixes that the work declares: so no name in it leads out of a folder.
 */
export function readForeignResult(value: JsonObject, wanted: WantedResult): Attempt | string {
  try {
    if (value['format'] !== RESULT_FORMAT || !Array.isArray(value['attempts'])) return 'its record is not one of a result';
    if (value['fingerprint'] !== wanted.fingerprint || canonicalJson(value['ingredients']) !== canonicalJson(wanted.ingredients))
      return 'its record is that of other work';
    return attemptOf(value['attempts'][0], wanted);
  } catch {
    return 'its record is damaged';
  }
}

function attemptOf(value: unknown, { outputs: ports }: WantedResult): Attempt | string {
  if (!isObject(value) || !isObject(value['outputs']) || !isObject(value['metrics'])) return 'its record is not one of a result';
  const { outputs, metrics, run, node, seconds, facts } = value;
  if (Object.keys(outputs).length !== Object.keys(ports).length) return 'it has other outputs';
  const taken: Record<string, Artifact> = {};
  for (const [port, { kind, suffix }] of Object.entries(ports)) {
    const artifact = outputs[port];
    if (!isObject(artifact) || artifact['kind'] !== kind || artifact['suffix'] !== suffix) return `it has another output "${port}"`;
    const { digest, size } = artifact;
    if (!isDigest(digest) || typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) return `its output "${port}" is damaged`;
    const isExecutable = kind === 'file' && artifact['executable'] === true;
    taken[port] = { kind, digest, size, suffix, ...(isExecutable ? { executable: true } : {}) };
  }
  const values: Record<string, MetricValue> = {};
  for (const [name, metric] of Object.entries(metrics)) {
    if (!NAME.test(name) || !isObject(metric) || typeof metric['value'] !== 'number' || metric['measured'] !== false)
      return `its metric ${JSON.stringify(name.slice(0, 80))} is damaged`;
    values[name] = { value: metric['value'], measured: false };
  }
  if (typeof run !== 'string' || !/^[\w-]{1,100}$/.test(run) || typeof node !== 'string' || !NAME.test(node))
    return 'its origin is damaged';
  if (typeof seconds !== 'number' || !isObject(facts) || isDeeper(facts, DEEPEST)) return 'its record is not one of a result';
  return { outputs: taken, metrics: values, run, node, seconds, facts: facts as JsonObject };
}

/** Whether a value is nested deeper than so many levels. */
function isDeeper(value: unknown, levels: number): boolean {
  if (value === null || typeof value !== 'object') return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}

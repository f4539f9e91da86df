import { isObject } from '../../files/json.ts';
import type { Artifact } from '../../model/artifact.ts';
import { isDigest } from '../../model/canonical.ts';
import type { Attempt, StoredResult } from '../../model/result.ts';
import { RECORD_FORMAT, type RunRecord } from '../../model/run.ts';

function isArtifact(value: unknown): value is Artifact {
  return (
    isObject(value) &&
    (value['kind'] === 'file' || value['kind'] === 'dir') &&
    isDigest(value['digest']) &&
    typeof value['size'] === 'number' &&
    typeof value['suffix'] === 'string'
  );
}

function areOutputs(value: unknown): boolean {
  return isObject(value) && Object.values(value).every(isArtifact);
}

function isAttempt(value: unknown): value is Attempt {
  return (
    isObject(value) &&
    areOutputs(value['outputs']) &&
    isObject(value['metrics']) &&
    typeof value['run'] === 'string' &&
    typeof value['node'] === 'string'
  );
}

/** Whether a value has what readers of a result rely on. */
export function isStoredResult(value: unknown): value is StoredResult {
  if (!isObject(value)) return false;
  const { fingerprint, ingredients, attempts } = value;
  return isDigest(fingerprint) && isObject(ingredients) && Array.isArray(attempts) && attempts.length > 0 && attempts.every(isAttempt);
}

/** Whether a value has what readers of a run's record rely on. Of one of a newer format only its id is asked. */
export function isRunRecord(value: unknown): value is RunRecord {
  if (!isObject(value) || typeof value['id'] !== 'string' || typeof value['format'] !== 'number') return false;
  if (value['format'] > RECORD_FORMAT) return true;
  const { state, started, nodes, sources } = value;
  return (
    typeof state === 'string' &&
    typeof started === 'string' &&
    isObject(sources) &&
    Object.values(sources).every(isObject) &&
    areNodes(nodes)
  );
}

const nodesOfRuns = new WeakSet<object>();

/** Whether a value has what readers of the nodes of a run's record rely on. Those that many records share are looked at once: nobody changes them. */
export function areNodes(value: unknown): value is RunRecord['nodes'] {
  if (!isObject(value)) return false;
  if (nodesOfRuns.has(value)) return true;
  const are = Object.values(value).every((node) => isObject(node) && (node['outputs'] === undefined || areOutputs(node['outputs'])));
  if (are) nodesOfRuns.add(value);
  return are;
}

import { isObject, parseJson } from '../files/json.ts';
import type { RunNode, RunRecord } from '../model/run.ts';
import type { Artifacts } from '../model/store.ts';

/** Larger JSON outputs are not looked into. */
const LARGEST_JSON = 8 * 1024 * 1024;

type Engine = Readonly<Record<'name' | 'version' | 'precision', string>> & { readonly threads: number };

function isEngine(value: unknown): value is Engine {
  return (
    isObject(value) &&
    ['name', 'version', 'precision'].every((key) => typeof value[key] === 'string') &&
    typeof value['threads'] === 'number'
  );
}

/**
 * What a node's measured metrics were measured under, as they are to be read: `onnxruntime 1.30.0, float32, 2 threads`. It is the `engine`
 * of a measured JSON output; undefined where the node has measured nothing or does not say.
 */
export function measuredUnder(artifacts: Artifacts, { metrics, outputs }: RunNode): string | undefined {
  if (!Object.values(metrics ?? {}).some(({ measured }) => measured)) return undefined;
  for (const artifact of Object.values(outputs ?? {})) {
    if (artifact.kind !== 'file' || artifact.suffix !== '.json' || !artifact.measured || artifact.size > LARGEST_JSON) continue;
    const bytes = artifacts.read(artifact.digest);
    const engine = bytes === undefined ? undefined : parseJson(Buffer.from(bytes).toString('utf8'), isObject)?.['engine'];
    if (!isEngine(engine)) continue;
    const { name, version, precision, threads } = engine;
    return `${name} ${version}, ${precision}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
  }
  return undefined;
}

/** The same for the measured metrics of all nodes of a run, by `node.metric`. */
export function allMeasuredUnder(artifacts: Artifacts, { nodes }: Pick<RunRecord, 'nodes'>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(nodes).flatMap(([name, node]) => {
      const under = measuredUnder(artifacts, node);
      if (under === undefined) return [];
      return Object.entries(node.metrics ?? {}).flatMap(([metric, { measured }]) => (measured ? [[`${name}.${metric}`, under]] : []));
    }),
  );
}

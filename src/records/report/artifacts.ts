import { isObject, parseJson } from '../../files/json.ts';
import type { RunNode } from '../../model/run.ts';
import type { Confusion, Curve } from '../../model/report.ts';
import type { Artifacts } from '../../model/store.ts';

/** Larger JSON outputs are not looked into. */
const LARGEST_JSON = 8 * 1024 * 1024;

const MOST_CLASSES = 60;

type Loose = Readonly<Record<string, unknown>>;

function json(bytes: Uint8Array | undefined): Loose | undefined {
  return bytes === undefined || bytes.length > LARGEST_JSON ? undefined : parseJson(Buffer.from(bytes).toString('utf8'), isObject);
}

/** The JSON objects among a node's outputs, by port. */
function jsonOutputs(artifacts: Artifacts, { outputs }: RunNode): [port: string, value: Loose][] {
  return Object.entries(outputs ?? {}).flatMap(([port, artifact]): [string, Loose][] => {
    if (artifact.kind !== 'file' || artifact.suffix !== '.json' || artifact.size > LARGEST_JSON) return [];
    const value = json(artifacts.read(artifact.digest));
    return value === undefined ? [] : [[port, value]];
  });
}

const isNumbers = (value: unknown): value is readonly number[] => Array.isArray(value) && value.every((one) => typeof one === 'number');
const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every((one) => typeof one === 'string');

/** The file of a folder of tables that says the same as JSON. */
const TABLE = 'confusion.json';

/** What the tables among a node's outputs hold, by port. */
function tables(artifacts: Artifacts, { outputs }: RunNode): [port: string, value: Loose][] {
  return Object.entries(outputs ?? {}).flatMap(([port, artifact]): [string, Loose][] => {
    const files = artifact.kind === 'dir' ? artifacts.manifest(artifact.digest)?.files : undefined;
    const file = files?.find(({ path }) => path === TABLE);
    const value = file === undefined || file.size > LARGEST_JSON ? undefined : json(artifacts.read(file.digest));
    return value === undefined ? [] : [[port, value]];
  });
}

/** Whether a node made a model, as it was trained or as it was exported. */
export function hasModel(artifacts: Artifacts, node: RunNode | undefined): boolean {
  const folders = Object.values(node?.outputs ?? {}).flatMap(({ kind, digest }) => (kind === 'dir' ? [artifacts.manifest(digest)] : []));
  return folders.some((entries) => entries?.files.some(({ path }) => path === 'model.json' || path === 'exported.json') === true);
}

/** The confusion matrices among a node's outputs: a square `confusion` of counts, with `classes`, in a JSON file; else in a folder of tables. */
export function confusionsOf(artifacts: Artifacts, name: string, node: RunNode): Confusion[] {
  const found = confusionsIn(jsonOutputs(artifacts, node), name);
  return found.length > 0 ? found : confusionsIn(tables(artifacts, node), name);
}

function confusionsIn(values: readonly [port: string, value: Loose][], name: string): Confusion[] {
  return values.flatMap(([port, { confusion, classes }]): Confusion[] => {
    const isSquare = Array.isArray(confusion) && confusion.every((row) => isNumbers(row) && row.length === confusion.length);
    if (!isSquare || confusion.length < 2 || confusion.length > MOST_CLASSES) return [];
    const names = isTexts(classes) && classes.length === confusion.length ? classes : confusion.map((_, index) => String(index));
    return [{ from: `${name}.${port}`, classes: names, counts: confusion as number[][] }];
  });
}

/** The curves in a node's history: a list of objects of numbers, of which `epoch` or `step` counts. */
export function historyOf(artifacts: Artifacts, name: string, node: RunNode): Curve[] {
  for (const [, value] of jsonOutputs(artifacts, node)) {
    for (const list of Object.values(value)) {
      if (!Array.isArray(list) || list.length < 2 || !list.every(isObject)) continue;
      const rows: readonly Loose[] = list;
      const counter = ['epoch', 'step'].find((one) => rows.every((row) => typeof row[one] === 'number'));
      if (counter === undefined) continue;
      const metrics = Object.keys(rows[0] ?? {}).filter((key) => key !== counter && rows.some((row) => typeof row[key] === 'number'));
      return metrics.map((metric) => ({
        node: name,
        metric,
        points: rows.flatMap((row): [number, number][] =>
          typeof row[metric] === 'number' ? [[Number(row[counter]), Number(row[metric])]] : [],
        ),
      }));
    }
  }
  return [];
}

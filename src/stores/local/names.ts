import { join } from 'node:path';
import { jsonNamesIn, namesIn } from '../../files/folder.ts';
import { isObject, parseJson } from '../../files/json.ts';
import { readSealed, readText } from '../../files/sealed.ts';
import { fileOf, isRunId, type KeptNodes } from '../../model/run.ts';
import type { RunRow } from '../../model/run-row.ts';
import type { Tag } from '../../model/store.ts';
import { RunIndex } from './run-index.ts';
import { listeningIn } from './stop-words.ts';
import { LocalTags } from './tags.ts';

/** What a store is asked for by name. */
export interface StoreNames {
  /** The ids of all runs, newest first. */
  readonly runs: readonly string[];
  readonly tags: readonly Tag[];
  /** The ids of all sweeps. */
  readonly sweeps: readonly string[];
  /** The ids of runs and sweeps that live, or whose processes were killed. */
  readonly listening: readonly string[];
  /** The row of a run that has ended. */
  row(id: string): RunRow | undefined;
  /** The nodes of a run; none where they do not stand in its record. */
  nodesOf(id: string): readonly string[];
  /** The JSON Schema of pipelines that editors are given; undefined where none was written yet. */
  schema(): Readonly<Record<string, unknown>> | undefined;
}

/** The names in a store that is not opened: nothing is written, locked or checked beyond what is read. For completion of command lines. */
export function namesInStore(root: string): StoreNames {
  const index = new RunIndex(root);
  return {
    runs: jsonNamesIn(join(root, 'runs')).filter(isRunId).reverse(),
    tags: new LocalTags(root).all(),
    sweeps: namesIn(join(root, 'sweeps')).flatMap((name) => (name.endsWith('.jsonl') ? [name.slice(0, -'.jsonl'.length)] : [])),
    listening: listeningIn(root),
    row: (id) => index.row(id),
    nodesOf: (id) => Object.keys(readSealed(join(root, 'runs', `${id}.json`), isWithNodes)?.nodes ?? {}),
    schema: () => parseJson(readText(join(root, 'pipeline.schema.json')) ?? '', isObject),
  };
}

function isWithNodes(value: unknown): value is { readonly nodes: object } {
  return isObject(value) && isObject(value['nodes']) && fileOf(value['nodes'] as KeptNodes) === undefined;
}

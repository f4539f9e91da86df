import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import type { Artifact } from '../model/artifact.ts';
import { done, failed, type Outcome, type Problem } from '../model/problem.ts';
import type { RunRecord } from '../model/run.ts';
import type { Store } from '../model/store.ts';
import { findRun } from '../records/find.ts';
import { suggestion } from '../text/suggestion.ts';
import type { Context } from './context.ts';

/** The file by which the folder of an exported model is known. */
const MARK = 'exported.json';

const HINT = 'the stage `export` writes one: its output `model`, or `onnx`';

const problem = (code: 'no-such-file' | 'unknown-node' | 'bad-option', message: string, hint: string): Outcome<never> =>
  failed({ kind: 'usage', code, message, hint } satisfies Problem);

/**
 * The path of an exported model: its folder or ONNX file, or one in a folder of outputs, or that of a recorded run, which is brought back into a
 * temporary folder.
 */
export async function exportedModel(context: Context, word: string, node: string | undefined, temporary: string): Promise<Outcome<string>> {
  const path = resolve(context.folder, word);
  if (existsSync(path)) return modelAt(path, word, node);
  if (word.includes('/') || word.endsWith('.onnx')) return problem('no-such-file', `there is no exported model at ${word}`, HINT);
  return context.withStore((store) => {
    const record = findRun(store, word);
    return record.ok ? modelOf(record.value, store, node, temporary) : record;
  });
}

/** The exported model at a path: itself, or the only one in the folders below it. */
function modelAt(path: string, word: string, node: string | undefined): Outcome<string> {
  if (statSync(path).isFile()) return path.endsWith('.onnx') ? done(path) : problem('no-such-file', `${word} is no ONNX file`, HINT);
  const found = modelsBelow(path, 3).map((folder) => ({ folder, name: relative(path, folder) }));
  const chosen = found.filter(({ name }) => node === undefined || name.split('/').includes(node));
  const [only] = chosen;
  if (only === undefined) return problem('no-such-file', `the folder ${word} holds no exported model`, HINT);
  if (chosen.length > 1) {
    const names = chosen.map(({ name }) => join(word, name));
    return problem(
      'bad-option',
      `the folder ${word} holds ${chosen.length} exported models`,
      `give one of them: ${names.slice(0, 8).join(', ')}`,
    );
  }
  return done(only.folder);
}

/** The folders of exported models at or below a folder, so many levels down. */
function modelsBelow(folder: string, levels: number): string[] {
  if (existsSync(join(folder, MARK))) return [folder];
  if (levels === 0) return [];
  const inner = readdirSync(folder, { withFileTypes: true }).filter((entry) => !entry.isFile());
  return inner.flatMap(({ name }) => (statSync(join(folder, name)).isDirectory() ? modelsBelow(join(folder, name), levels - 1) : []));
}

/** The exported model of a run, brought back. */
function modelOf(record: RunRecord, store: Store, node: string | undefined, temporary: string): Outcome<string> {
  const models = Object.entries(record.nodes).flatMap(([name, { outputs, recipe }]) => {
    const found = Object.values(outputs ?? {}).find((artifact) => holdsModel(artifact, store));
    return found === undefined ? [] : [{ name, node: recipe?.node, artifact: found }];
  });
  const names = models.map(({ name }) => name);
  const chosen = models.filter((one) => node === undefined || one.name === node || one.node === node);
  const [only] = chosen;
  if (only === undefined) {
    if (node !== undefined && models.length > 0)
      return problem('unknown-node', `the node ${node} of the run ${record.id} has no exported model`, suggestion(node, names));
    return problem('bad-option', `the run ${record.id} of ${record.pipeline} has no exported model (it is ${record.state})`, HINT);
  }
  if (chosen.length > 1)
    return problem(
      'bad-option',
      `the run ${record.id} has ${chosen.length} exported models`,
      `choose one: --node '${names.slice(0, 8).join("', '")}'`,
    );
  const path = join(temporary, 'model');
  if (store.artifacts.place(only.artifact, path) !== undefined) return done(path);
  return failed({
    ...{ kind: 'store', code: 'missing-content', message: `the exported model of ${only.name} in the run ${record.id} is lost or damaged` },
    hint: `make it again: stillroom run ${record.file}`,
  });
}

function holdsModel({ kind, digest }: Artifact, store: Store): boolean {
  return kind === 'dir' && store.artifacts.manifest(digest)?.files.some(({ path }) => path === MARK) === true;
}

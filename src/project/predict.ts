import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Bundled, esbuildBundler } from '../code/bundler.ts';
import { choiceFile, moduleChoices, readChoice } from '../code/choices.ts';
import { stageFolders } from '../code/declarations.ts';
import { loadEngines } from '../engines/engines.ts';
import { installation } from '../model/installation.ts';
import { done, failed, type Outcome, type Problem } from '../model/problem.ts';
import type { Prediction, PredictionRequest } from '../nn/serving/predicting.ts';
import { suggestion } from '../text/suggestion.ts';
import type { Context } from './context.ts';
import { exportedModel } from './exported-model.ts';

export type { Prediction };

/** How pictures are labelled. */
export interface PredictOptions extends Partial<Pick<PredictionRequest, 'batch' | 'threads' | 'submission' | 'signal' | 'progress'>> {
  /** What runs the model; default: `onnxruntime`, whatever is installed. */
  readonly runtime?: string | undefined;
  /** The node whose model is meant, where a run has several. */
  readonly node?: string | undefined;
}

/** What a bundle of the code that labels exports. */
interface Code {
  run(runtime: unknown, request: PredictionRequest): Promise<Prediction>;
  modules(params: object): { readonly runtime: unknown };
}

const usage = (message: string, hint?: string): Problem => ({
  ...{ kind: 'usage', code: 'bad-option', message },
  ...(hint === undefined ? {} : { hint }),
});

/** Labels pictures by an exported model: the newest of a run, a folder, or an ONNX file. What it needs meanwhile is gone afterwards. */
export async function predictPictures(
  context: Context,
  model: string,
  pictures: readonly string[],
  options: PredictOptions,
): Promise<Outcome<Prediction>> {
  const paths = pictures.map((path) => resolve(context.folder, path));
  const missing = paths.flatMap((path, place) => (existsSync(path) ? [] : [noSuchPicture(pictures[place] as string, path)]));
  if (missing.length > 0) return failed(...missing);
  const temporary = mkdtempSync(join(tmpdir(), 'stillroom-predict-'));
  try {
    const found = await exportedModel(context, model, options.node, temporary);
    if (!found.ok) return found;
    const { runtime = 'onnxruntime', threads = availableParallelism() } = options;
    const code = await loadCode(context.root, { runtime, threads }, temporary);
    return code.ok ? await label(code.value, found.value, { paths, temporary, ...options }) : code;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function noSuchPicture(given: string, path: string): Problem {
  const folder = dirname(path);
  const names = existsSync(folder) && statSync(folder).isDirectory() ? readdirSync(folder) : [];
  const message = `there is no picture or folder ${given}`;
  return { kind: 'usage', code: 'no-such-file', message, hint: suggestion(basename(path), names) };
}

/** Labels; what the user has to put right is a problem. */
async function label(
  { runtime, run }: Loaded,
  model: string,
  {
    batch = 32,
    threads = availableParallelism(),
    progress = () => {},
    ...asked
  }: PredictOptions & Pick<PredictionRequest, 'paths' | 'temporary'>,
): Promise<Outcome<Prediction>> {
  const { paths, temporary, submission, signal } = asked;
  const name = asked.runtime ?? 'onnxruntime';
  try {
    return done(await run(runtime, { model, paths, temporary, runtime: name, threads, batch, submission, signal, progress }));
  } catch (error) {
    // It comes from a bundle, which has a class of its own.
    if (!(error instanceof Error) || error.name !== 'PredictionProblem') throw error;
    return failed(usage(error.message, (error as { readonly hint?: string }).hint));
  }
}

/** The code that labels, with its runtime. */
interface Loaded extends Pick<Code, 'run'> {
  readonly runtime: unknown;
}

/** The file of a runtime: a choice of the stage `benchmark`, which `predict` shares. */
function runtimeFile(root: string, name: string): Outcome<string> {
  const parents = stageFolders(root).filter((folder) => existsSync(join(folder, 'benchmark', 'runtimes')));
  for (const parent of parents) {
    const file = choiceFile(name, './runtimes', join(parent, 'benchmark'));
    if (file !== undefined) return done(file);
  }
  const known = parents.flatMap((parent) => [...moduleChoices('./runtimes', join(parent, 'benchmark')).keys()]);
  return failed(usage(`--runtime ${name} is unknown`, suggestion(name, known)));
}

/** Bundles the code that labels pictures with a runtime, as the code of stages is, and loads it. */
async function loadCode(
  root: string,
  { runtime: name, threads }: { readonly runtime: string; readonly threads: number },
  temporary: string,
): Promise<Outcome<Loaded>> {
  const file = runtimeFile(root, name);
  if (!file.ok) return file;
  const choice = await readChoice(file.value, join(temporary, 'cache'));
  if (!choice.ok) return choice;
  const { params } = choice.value;
  const bundled = await esbuildBundler.bundle({
    ...{ root, folder: join(installation, 'src', 'nn', 'serving'), entry: './predicting.ts' },
    modules: { runtime: { file: file.value, takesParams: params !== null } },
  });
  if (!bundled.ok) return bundled;
  const absent = await readyEngines(bundled.value, name, threads);
  if (absent !== undefined) return failed(absent);
  const { run, modules } = (await import(writeBundle(bundled.value, temporary))) as Code;
  const defaults = Object.fromEntries(Object.entries(params ?? {}).map(([param, { schema }]) => [param, schema['default']]));
  return done({ run, runtime: modules({ runtime: { name, ...defaults } }).runtime });
}

/** Writes a bundle beside links to the packages that it loads; returns its address. */
function writeBundle({ code, packageFolders }: Bundled, temporary: string): string {
  const file = join(temporary, 'predict.mjs');
  writeFileSync(file, code);
  for (const [name, folder] of Object.entries(packageFolders)) {
    const link = join(temporary, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(folder, link);
  }
  return pathToFileURL(file).href;
}

/** Makes the engines of a runtime ready for this process, with the variables that a node's process is given; what is not set up is a problem. */
async function readyEngines({ packageFolders }: Bundled, runtime: string, threads: number): Promise<Problem | undefined> {
  for (const engine of await loadEngines()) {
    if (!Object.hasOwn(packageFolders, engine.package)) continue;
    const facts = engine.facts();
    if (facts === undefined) {
      const message = `the runtime ${runtime} needs the engine ${engine.name}, which is not set up`;
      const hint = '`stillroom doctor` says how to get it; --runtime onnxruntime needs none';
      return { kind: 'usage', code: 'engine-missing', message, hint };
    }
    for (const [name, value] of Object.entries(engine.use(threads, facts).environment)) process.env[name] ??= value;
  }
  return undefined;
}

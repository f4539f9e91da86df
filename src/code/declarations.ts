import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import type { Plugin } from 'esbuild';
import { sha256 } from '../model/canonical.ts';
import type { Declaration } from '../model/declaration.ts';
import { installation } from '../model/installation.ts';
import { done, failed, type Outcome, type Place, type Problem } from '../model/problem.ts';
import { isOutside } from '../files/folder.ts';
import { isObject } from '../files/json.ts';
import { buildFault, evaluationFault, noDefault, noWork, placeOfText } from './faults.ts';
import { nearest, suggestion } from '../text/suggestion.ts';
import { choiceProblems } from './choices.ts';
import { declarationOf } from './declared.ts';
import { EVALUATED, evaluateModule } from './evaluation.ts';
import { findEscape } from './escapes.ts';
import { memberPlaces } from './syntax.ts';
import { openReader, type Readings, remembered } from './readings.ts';

/** Raise it when the JSON form of a declaration changes, or what is refused in one. */
const FORMAT = '6';

/** A stage's folder and its declaration. */
export interface FoundStage {
  readonly folder: string;
  readonly declaration: Declaration;
}

/** The folders of the stages that a project may use: its own and Stillroom's, as far as they are there. */
export function stageFolders(root: string): string[] {
  return [...new Set([join(root, 'stages'), join(installation, 'stages')])].filter((folder) => existsSync(folder));
}

/** The names of all stages that a project may use. */
export function stageNames(root: string): string[] {
  return stageFolders(root).flatMap((folder) => readdirSync(folder).filter((name) => existsSync(join(folder, name, 'stage.ts'))));
}

/** Finds a stage by name, in the project first and then in Stillroom itself, and reads its declaration. */
export async function findStage(name: string, root: string, cache: string): Promise<Outcome<FoundStage>> {
  const folder = stageFolders(root)
    .map((parent) => join(parent, name))
    .find((one) => existsSync(join(one, 'stage.ts')));
  if (folder === undefined) {
    return failed({
      kind: 'pipeline',
      code: 'unknown-stage',
      message: `no stage is named "${name}"`,
      hint: stageHint(name, root),
    });
  }
  const declaration = await readDeclaration(folder, cache, root);
  if (!declaration.ok) return declaration;
  const problems = choiceProblems(declaration.value.params, folder);
  return problems.length > 0 ? failed(...problems) : done({ folder, declaration: declaration.value });
}

/** What may be meant by the name of a stage that there is not. */
function stageHint(name: string, root: string): string {
  const names = stageNames(root);
  const part = name.split('/').find((one) => names.includes(one));
  if (part !== undefined) return `a stage is named by its folder alone: write ${part}`;
  const own = stageFolders(root).find((folder) => existsSync(join(folder, name)));
  if (own !== undefined) return `${relative(root, join(own, name))} has no stage.ts, which declares it`;
  return `${suggestion(name, names)}${names.length > 0 && nearest(name, names) !== undefined ? '' : `; a stage of your own is a folder stages/${/^[\w-]+$/.test(name) ? name : 'NAME'} with stage.ts and run.ts`}`;
}

/** Reads `stage.ts` as JSON. It is remembered, so that planning compiles and loads it only once. */
async function readDeclaration(folder: string, cache: string, root: string): Promise<Outcome<Declaration>> {
  const file = join(folder, 'stage.ts');
  const memory = { file: join(cache, 'declarations', `${sha256(file)}.json`), version: FORMAT };
  const read = await remembered<Declaration>(memory, async () => {
    const compiled = await compileDeclaration(file);
    if (!compiled.ok) return compiled;
    const { code, readings } = compiled.value;
    const evaluated = await evaluate(file, code);
    if (!evaluated.ok) return evaluated;
    const { stage, run } = evaluated.value;
    const value = declarationOf(stage, file, run);
    if (value.ok) return done({ readings, value: value.value });
    const placed = declarationOf(
      stage,
      file,
      run,
      await memberPlaces(file, isObject(stage) && 'outputs' in stage ? ['outputs', 'run'] : ['run']),
    );
    return failed(...(placed.ok ? [] : placed.problems));
  });
  return read.ok ? read : failed(...read.problems.map((problem) => namedFrom(problem, file, root)));
}

/** A problem of a declaration whose file is named as it lies in the project. */
function namedFrom(problem: Problem, file: string, root: string): Problem {
  if (isOutside(root, file)) return problem;
  const shown = relative(root, file);
  const named = (text: string): string => text.replaceAll(file, shown);
  const { message, hint, place } = problem;
  return {
    ...problem,
    message: named(message),
    ...(hint === undefined ? {} : { hint: named(hint) }),
    ...(place === undefined ? {} : { place: { ...place, file: named(place.file) } }),
  };
}

/** What a declaration may import, and where it lies. */
const declarationDoors: Readonly<Record<string, string>> = { stillroom: 'src/index.ts', 'stillroom/training': 'src/training.ts' };

function bad(file: string, message: string, hint: string, place: Place | undefined): Outcome<never> {
  return failed({ kind: 'pipeline', code: 'bad-stage', message: `${file}: ${message}`, ...(place === undefined ? {} : { place }), hint });
}

/** A module in the place of each one that a declaration imports when it runs: it tells its path. */
function workPlugin(file: string, onStrange: (path: string) => void): Plugin {
  return {
    name: 'declaration',
    setup(build) {
      build.onResolve({ filter: /.*/ }, ({ path, kind, importer }) => {
        if (kind === 'entry-point' || importer !== file) return undefined;
        if (kind === 'dynamic-import') return { path, namespace: 'work' };
        const door = declarationDoors[path];
        if (door !== undefined) return { path: join(installation, door) };
        onStrange(path);
        return { path, external: true };
      });
      build.onLoad({ filter: /.*/, namespace: 'work' }, ({ path }) => ({ contents: `export const work = ${JSON.stringify(path)};` }));
    },
  };
}

async function compileDeclaration(file: string): Promise<Outcome<{ readonly code: string; readonly readings: Readings }>> {
  const esbuild = await import('esbuild');
  const reader = openReader();
  const strange: string[] = [];
  try {
    const built = await esbuild.build({
      entryPoints: [file],
      absWorkingDir: dirname(file),
      ...EVALUATED,
      plugins: [workPlugin(file, (path) => strange.push(path)), reader.plugin],
    });
    if (strange[0] !== undefined)
      return bad(
        file,
        `imports "${strange[0]}"`,
        "a declaration imports only 'stillroom' and 'stillroom/training' (and types): move the rest into run.ts",
        placeOfText(file, strange[0]),
      );
    const found = await findEscape(file);
    if (found !== undefined) return failed(found);
    return done({ code: built.outputFiles[0]?.text ?? '', readings: reader.readings(built.metafile, dirname(file)) });
  } catch (error) {
    return failed(buildFault(error, file));
  }
}

/** Evaluates a compiled declaration, and asks it which module its `run` imports. */
async function evaluate(file: string, code: string): Promise<Outcome<{ readonly stage: unknown; readonly run: string }>> {
  let stage: unknown;
  let imported: unknown;
  try {
    stage = (await evaluateModule(code))['default'];
    const { run } = (stage ?? {}) as { readonly run?: unknown };
    // What stands in the place of the work is there at once.
    if (typeof run === 'function') imported = await Promise.race([(run as () => unknown)(), turn()]);
  } catch (error) {
    return failed(evaluationFault(error, file));
  }
  if (stage === undefined) return failed(noDefault(file));
  const { work } = (imported ?? {}) as { readonly work?: unknown };
  if (typeof work !== 'string') return failed(noWork(file));
  return done({ stage, run: work });
}

import { closeSync, existsSync, openSync, readdirSync, readSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { installation } from '../model/installation.ts';
import { failed, type Outcome, done, type Problem } from '../model/problem.ts';
import { nearest } from '../text/suggestion.ts';
import { findRoot, type FoundRoot } from './root.ts';

/** A pipeline file, absolute, and the project that it is run in. */
export interface LocatedPipeline {
  readonly file: string;
  readonly found: FoundRoot;
}

/** A pipeline file that can be asked for. */
export interface KnownPipeline {
  /** What to type for it in the folder that it was looked for from. */
  readonly word: string;
  /** Absolute. */
  readonly file: string;
}

/** Where Stillroom's own pipelines lie: the recipes that any project may run by their names. */
const RECIPES = join(installation, 'pipelines');

const SUFFIXES: readonly string[] = ['.yaml', '.yml'];

/** Characters at the beginning of a file that show whether it is a pipeline. */
const BEGINNING = 65_536;

/** A folder where it really lies, in whatever way it was reached: what its files import is looked up from there. */
export function realFolder(folder: string): string {
  return existsSync(folder) ? realpathSync(folder) : folder;
}

/** The store of a folder's project, absolute, where none is named. */
export function ownStore(folder: string): string {
  return join(findRoot(realFolder(folder)).root, 'artifacts');
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** The folders in which a project's pipelines are looked for from a folder, the nearest first. */
function pipelineFolders(folder: string): readonly string[] {
  const { root } = findRoot(folder);
  return [...new Set([folder, join(folder, 'pipelines'), root, join(root, 'pipelines')])];
}

function beginningOf(path: string): string {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(BEGINNING);
    return bytes.toString('utf8', 0, readSync(file, bytes, 0, BEGINNING, 0));
  } catch {
    return '';
  } finally {
    closeSync(file);
  }
}

/** The `name:` of a file that looks like a pipeline, by its first lines alone; undefined: it does not, as other tools' files. */
function pipelineName(path: string): string | undefined {
  const text = beginningOf(path);
  return /^stages:/m.test(text) ? /^name:\s*["']?([^\s"'#]+)/m.exec(text)?.[1] : undefined;
}

/** The pipeline files right in a folder, by name. */
function filesIn(folder: string): readonly string[] {
  const names = existsSync(folder) && statSync(folder).isDirectory() ? readdirSync(folder) : [];
  return names
    .filter((name) => !name.startsWith('.') && SUFFIXES.some((suffix) => name.endsWith(suffix)))
    .map((name) => join(folder, name))
    .filter((path) => isFile(path) && pipelineName(path) !== undefined)
    .sort();
}

/** The pipelines of the project of a folder, as they are typed there. */
export function projectPipelines(from: string): readonly KnownPipeline[] {
  const folder = realFolder(from);
  const files = new Set(pipelineFolders(folder).flatMap(filesIn));
  return [...files].map((file) => ({ word: relative(folder, file), file }));
}

/** The recipes that come with Stillroom, as they are typed in any project. */
export function recipes(): readonly KnownPipeline[] {
  return filesIn(RECIPES).map((file) => ({ word: basename(file, '.yaml'), file }));
}

/** The recipe of a name; undefined where there is none. */
export function recipeNamed(name: string): string | undefined {
  return recipes().find(({ word }) => word === name)?.file;
}

/** Whether a file is one of Stillroom's own recipes, run in the project of someone else. */
export function isRecipe({ file, found }: LocatedPipeline): boolean {
  return dirname(file) === realFolder(RECIPES) && found.root !== realFolder(dirname(RECIPES));
}

/** The file of a project that a name stands for: one of that file name, else one that calls itself so. */
function fileNamed(name: string, folder: string): string | undefined {
  const named = pipelineFolders(folder)
    .flatMap((one) => SUFFIXES.map((suffix) => join(one, name + suffix)))
    .find(isFile);
  return named ?? projectPipelines(folder).find(({ file }) => pipelineName(file) === name)?.file;
}

/**
 * The pipeline that a word means in a folder, and its project: a path; or a name of one of the project's, right in the folder, in the project's
 * folder or in a `pipelines` of either; or of a recipe of Stillroom's, which is run in the folder's project. A word that means none stands for
 * the path that it would be.
 */
export function locatePipeline(word: string, from: string): LocatedPipeline {
  const folder = realFolder(from);
  const path = resolve(folder, word);
  const isName = /^[\w-][\w.-]*$/.test(word) && !isFile(path);
  const own = isName ? fileNamed(word, folder) : undefined;
  const recipe = isName && own === undefined ? recipeNamed(word) : undefined;
  const named = recipe ?? own ?? path;
  const file = join(realFolder(dirname(named)), basename(named));
  return { file, found: findRoot(recipe === undefined ? dirname(file) : folder) };
}

function listed(pipelines: readonly KnownPipeline[], most = 12): string {
  const words = pipelines.slice(0, most).map(({ word }) => word);
  return `${words.join(', ')}${pipelines.length > most ? `, and ${pipelines.length - most} more` : ''}`;
}

/** The recipes that come with Stillroom, in a sentence; none where a project's own are the same. */
function recipesText(own: readonly KnownPipeline[]): string {
  const others = recipes().filter(({ file }) => !own.some((one) => one.file === file));
  return others.length === 0 ? '' : `Stillroom brings: ${listed(others)}`;
}

/** The name of a file alone. */
function stemOf(path: string): string {
  return basename(path).replace(/\.ya?ml$/, '');
}

/** That a word names no pipeline, with the name that may be meant, or all that there are. */
export function noSuchPipeline(word: string, from: string): Problem {
  const folder = realFolder(from);
  const own = projectPipelines(folder);
  const names = [...own, ...recipes()].flatMap(({ word: one, file }) => [
    one,
    basename(one).replace(/\.ya?ml$/, ''),
    pipelineName(file) ?? one,
  ]);
  const near =
    nearest(word, new Set(names)) ?? own.map(({ word: one }) => one).find((one) => nearest(stemOf(word), [stemOf(one)], 1) !== undefined);
  const there = own.length === 0 ? 'write one with: stillroom init' : `there are: ${listed(own)}`;
  const hint = near === undefined ? [there, recipesText(own)].filter((one) => one !== '').join('; ') : `did you mean "${near}"?`;
  return { kind: 'usage', code: 'no-such-file', message: `${word} does not exist`, hint };
}

/** The only pipeline of the project of a folder, as it is typed there; where there are several, or none, that is the problem. */
export function onlyPipeline(from: string): Outcome<string> {
  const own = projectPipelines(from);
  const [first, ...others] = own;
  if (first !== undefined && others.length === 0) return done(first.word);
  const hint = first === undefined ? `write one with: stillroom init; ${recipesText(own)}` : `name one of them: ${listed(own)}`;
  const message = first === undefined ? 'there is no pipeline here' : `no pipeline is named, and the project has ${own.length}`;
  return failed({ kind: 'usage', code: 'which-pipeline', message, hint });
}

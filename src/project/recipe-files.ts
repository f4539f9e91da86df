import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { isObject } from '../files/json.ts';
import { readYamlFile } from '../load/yaml/file.ts';
import { done, failed, type Outcome } from '../model/problem.ts';
import { suggestion } from '../text/suggestion.ts';
import { recipeNamed, recipes } from './pipeline-files.ts';

/** A recipe of Stillroom as it is copied into a project. */
export interface RecipeFiles {
  /** It and all that it reads and that comes with it: where each goes, relative to the project, and where it lies. */
  readonly files: readonly { readonly file: string; readonly from: string }[];
  /** The sources that a user has to bring: where each is looked for, relative to the project, and how it is got. */
  readonly missing: readonly { readonly source: string; readonly path: string; readonly obtain: string }[];
}

/** The paths that a pipeline's nodes name on the spot. */
function ownPaths(stages: unknown): readonly string[] {
  const inputs = Object.values(isObject(stages) ? stages : {}).flatMap((node) =>
    isObject(node) && isObject(node['in']) ? Object.values(node['in']) : [],
  );
  return inputs
    .map((input) => (isObject(input) ? input['from'] : input))
    .filter((from): from is string => typeof from === 'string' && from.startsWith('./'));
}

/** The files at or below a path. */
function filesBelow(path: string): readonly string[] {
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** What copying a recipe by its name into a project means. */
export function recipeFiles(name: string): Outcome<RecipeFiles> {
  const file = recipeNamed(name);
  if (file === undefined) {
    const names = recipes().map(({ word }) => word);
    const message = `Stillroom brings no recipe "${name}"`;
    return failed({ kind: 'usage', code: 'no-such-file', message, hint: suggestion(name, names) });
  }
  const { value, problems } = readYamlFile(file, file);
  if (problems.length > 0) return failed(...problems);
  const folder = dirname(file);
  const written = isObject(value) ? value : {};
  const sources = Object.entries(isObject(written['sources']) ? written['sources'] : {}).map(([source, given]) => ({
    source,
    path: String(isObject(given) ? given['path'] : given),
    obtain: isObject(given) && typeof given['obtain'] === 'string' ? given['obtain'] : '',
  }));
  const read = [...new Set([...sources.map(({ path }) => path), ...ownPaths(written['stages'])])].map((path) => join(folder, path));
  const there = [file, ...read.filter((path) => existsSync(path)).flatMap(filesBelow)];
  const placed = (path: string): string => join('pipelines', relative(folder, path));
  return done({
    files: there.map((from) => ({ file: placed(from), from })),
    missing: sources
      .filter(({ path }) => !existsSync(join(folder, path)))
      .map(({ source, path, obtain }) => ({ source, path: join('pipelines', path), obtain })),
  });
}

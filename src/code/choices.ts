import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { BuildFailure, Plugin } from 'esbuild';
import { digestOf, sha256 } from '../model/canonical.ts';
import type { ParamDeclarations } from '../model/declaration.ts';
import { installation } from '../model/installation.ts';
import { done, failed, type Outcome, type Problem } from '../model/problem.ts';
import { suggestion } from '../text/suggestion.ts';
import { type Complain, plainParamsOf } from './declared.ts';
import { EVALUATED, evaluateModule } from './evaluation.ts';
import { openReader, type Readings, remembered } from './readings.ts';
import { readPlain } from '../files/plain.ts';

/** Raise it when the JSON form of a choice's params changes, or what is refused in them. */
const FORMAT = '1';

/** What `param` comes from. */
const DOOR = join(installation, 'src/index.ts');

/** What a choice declares of itself. */
export interface ChoiceDeclaration {
  /** Its own params; null where its file exports none, so that its default export is given to the work as it is. */
  readonly params: ParamDeclarations | null;
}

/** The folder of the modules that a `param.module` of a stage may choose from. */
export function choicesFolder(folder: string, stageFolder: string): string {
  return folder.startsWith('stillroom/') ? join(installation, 'src', folder.slice('stillroom/'.length)) : join(stageFolder, folder);
}

const isChoice = (file: string): boolean => /^[^.].*(?<!\.d|\.test)\.[jt]s$/.test(file) && !file.startsWith('index.');

/** The modules that a `param.module` may choose from: name to file. */
export function moduleChoices(folder: string, stageFolder: string): Map<string, string> {
  const at = choicesFolder(folder, stageFolder);
  const files = existsSync(at) ? readdirSync(at).filter(isChoice) : [];
  return new Map(files.sort().map((file) => [file.replace(/\.[jt]s$/, ''), join(at, file)]));
}

/** The file of one of them, without looking at the others; undefined where there is none of that name. */
export function choiceFile(name: string, folder: string, stageFolder: string): string | undefined {
  const files = ['.ts', '.js'].map((suffix) => name + suffix).filter((file) => isChoice(file) && !file.includes('/'));
  return files.map((file) => join(choicesFolder(folder, stageFolder), file)).find((path) => existsSync(path));
}

/** What is wrong with what a stage's params choose from: a folder without any choice. */
export function choiceProblems(params: ParamDeclarations, stageFolder: string): Problem[] {
  return Object.entries(params).flatMap(([name, { modules, params: inner = {} }]) => {
    if (modules === undefined) return choiceProblems(inner, stageFolder);
    if (moduleChoices(modules, stageFolder).size > 0) return [];
    const message = `the param "${name}" chooses from "${modules}", where no module lies`;
    return [badChoice(join(stageFolder, 'stage.ts'), message, foldersNear(modules, stageFolder))];
  });
}

/** A hint for a folder that is not there: those that are. */
function foldersNear(folder: string, stageFolder: string): string {
  const isOwn = folder.startsWith('stillroom/nn/');
  const parent = isOwn ? join(installation, 'src/nn') : stageFolder;
  const folders = readdirSync(parent, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return suggestion(
    folder,
    folders.map(({ name }) => `${isOwn ? 'stillroom/nn/' : './'}${name}`),
  );
}

/** What a choice's file says of it, for editors: a plain text that it exports as `about`. No code that is hashed holds it. */
export function choiceAbout(file: string): string | undefined {
  const found = /^export const about =\s*(?:'([^'\\\n]*)'|"([^"\\\n]*)");/m.exec(readPlain(file).toString('utf8'));
  return found?.[1] ?? found?.[2];
}

const known = new Map<string, ChoiceDeclaration>();

/** The same content is the same object, so that what is made of it is made once. */
function unique(declaration: ChoiceDeclaration): ChoiceDeclaration {
  const key = JSON.stringify(declaration);
  const first = known.get(key) ?? declaration;
  known.set(key, first);
  return first;
}

/**
 * Reads the params that a choice's file exports, without what the rest of the file reaches: only imports that the params themselves use
 * are followed. What was read is remembered, so that planning compiles a choice only once.
 */
export async function readChoice(file: string, cache: string): Promise<Outcome<ChoiceDeclaration>> {
  if (!/\bparams\b|export\s*\*/.test(readPlain(file).toString('utf8'))) return done(unique({ params: null }));
  const memory = { file: join(cache, 'choices', `${sha256(file)}.json`), version: FORMAT };
  const read = await remembered(memory, () => compileParams(file));
  return read.ok ? done(unique(read.value)) : read;
}

/** The digest of what a choice's file says of its params. */
export function declaredDigest({ params }: ChoiceDeclaration): string {
  return digestOf({ params });
}

/** Follows an import only to the files given; any other is left standing, and falls away with what uses it. */
function follow(files: ReadonlySet<string>): Plugin {
  return {
    name: 'choice',
    setup(build) {
      build.onResolve({ filter: /.*/ }, ({ path, resolveDir }) => {
        const at = path === 'stillroom' ? DOOR : /^[./]/.test(path) ? resolve(resolveDir, path) : path;
        return { path: at, external: !files.has(at), sideEffects: false };
      });
    },
  };
}

/** Compiles what a choice's params are made of, file by file as they turn out to need it. */
async function compileParams(file: string): Promise<Outcome<{ readonly value: ChoiceDeclaration; readonly readings: Readings }>> {
  const esbuild = await import('esbuild');
  const files = new Set([file, DOOR, join(installation, 'src/model/params.ts')]);
  const reader = openReader();
  try {
    for (;;) {
      const built = await esbuild.build({
        stdin: { contents: `import * as choice from ${JSON.stringify(file)};\nexport const params = choice.params;`, resolveDir: '/' },
        ...EVALUATED,
        plugins: [follow(files), reader.plugin],
      });
      const left = Object.values(built.metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
      const foreign = left.find((path) => !path.startsWith('/') || !existsSync(path));
      if (foreign !== undefined)
        return failed(badChoice(file, `its params use "${foreign}"`, "params use only 'stillroom' and files of your own"));
      for (const path of left) files.add(path);
      if (left.length > 0) continue;
      const value = await evaluate(built.outputFiles[0]?.text ?? '', file);
      // Files are found by their whole paths: no folder is searched.
      return value.ok ? done({ value: value.value, readings: { ...reader.readings(built.metafile, process.cwd()), listings: [] } }) : value;
    }
  } catch (error) {
    const first = (error as Partial<BuildFailure>).errors?.[0];
    if (first === undefined) return failed(badChoice(file, error instanceof Error ? error.message : String(error)));
    const { location } = first;
    const place =
      location === null ? {} : { place: { file, line: location.line, column: location.column + 1, excerpt: location.lineText } };
    return failed({ ...badChoice(file, first.text), ...place });
  }
}

async function evaluate(code: string, file: string): Promise<Outcome<ChoiceDeclaration>> {
  const { params } = await evaluateModule(code);
  if (params === undefined) return done({ params: null });
  if (typeof params !== 'function')
    return failed(badChoice(file, 'its params are no function', 'write export const params = () => ({ gamma: param.number({ … }) })'));
  const problems: Problem[] = [];
  const complain: Complain = (message, hint) => void problems.push(badChoice(file, message, hint));
  const declared = plainParamsOf({ params: (params as () => unknown)() }, complain);
  return problems.length > 0 ? failed(...problems) : done(JSON.parse(JSON.stringify({ params: declared })) as ChoiceDeclaration);
}

function badChoice(file: string, message: string, hint = `fix ${file}`): Problem {
  return { kind: 'pipeline', code: 'bad-stage', message: `${file}: ${message}`, hint };
}

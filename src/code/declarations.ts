import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../model/canonical.ts';
import type { Declaration, OutputDeclaration } from '../model/declaration.ts';
import { installation } from '../model/installation.ts';
import { done, failed, type Outcome } from '../model/problem.ts';
import type { OutputPort, Stage } from '../model/stage.ts';
import { suggestion } from '../text/suggestion.ts';

/** Raise it when the JSON form of a declaration changes. */
const FORMAT = '1';

/** A stage's folder and its declaration. */
export interface FoundStage {
  readonly folder: string;
  readonly declaration: Declaration;
}

function stageFolders(root: string): string[] {
  return [...new Set([join(root, 'stages'), join(installation, 'stages')])];
}

/** The names of all stages that a project may use. */
export function stageNames(root: string): string[] {
  return stageFolders(root)
    .filter(existsSync)
    .flatMap((folder) => readdirSync(folder).filter((name) => existsSync(join(folder, name, 'stage.ts'))));
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
      hint: suggestion(name, stageNames(root)),
    });
  }
  const declaration = await readDeclaration(folder, cache);
  return declaration.ok ? done({ folder, declaration: declaration.value }) : declaration;
}

/** Reads `stage.ts` as JSON. It is kept by content, so planning compiles and loads it only once. */
async function readDeclaration(folder: string, cache: string): Promise<Outcome<Declaration>> {
  const file = join(folder, 'stage.ts');
  const own = [...Object.values(declarationDoors), 'src/model/params.ts'].map((path) => join(installation, path));
  const sources = [file, ...own].map((path) => readFileSync(path));
  const key = sha256(Buffer.concat([Buffer.from(FORMAT), ...sources]));
  const kept = join(cache, 'declarations', `${key}.json`);
  if (existsSync(kept)) return done(JSON.parse(readFileSync(kept, 'utf8')) as Declaration);
  const compiled = await compileDeclaration(file);
  if (!compiled.ok) return compiled;
  const declaration = toDeclaration(compiled.value);
  mkdirSync(join(cache, 'declarations'), { recursive: true });
  writeFileSync(`${kept}.${process.pid}`, JSON.stringify(declaration));
  renameSync(`${kept}.${process.pid}`, kept);
  return done(declaration);
}

/** What a declaration may import, and where it lies. */
const declarationDoors: Readonly<Record<string, string>> = { stillroom: 'src/index.ts', 'stillroom/training': 'src/training.ts' };

async function compileDeclaration(file: string): Promise<Outcome<Stage>> {
  const esbuild = await import('esbuild');
  const bad = (message: string, hint = `mend ${file}`): Outcome<Stage> =>
    failed({ kind: 'pipeline', code: 'bad-stage', message: `${file}: ${message}`, hint });
  let strange: string | undefined;
  try {
    const built = await esbuild.build({
      entryPoints: [file],
      bundle: true,
      format: 'esm',
      platform: 'node',
      write: false,
      logLevel: 'silent',
      tsconfigRaw: {},
      plugins: [
        {
          name: 'declaration',
          setup(build) {
            build.onResolve({ filter: /.*/ }, ({ path, kind, importer }) => {
              if (kind === 'entry-point' || importer !== file) return undefined;
              if (kind === 'dynamic-import') return { path, external: true };
              const door = declarationDoors[path];
              if (door !== undefined) return { path: join(installation, door) };
              strange ??= path;
              return { path, external: true };
            });
          },
        },
      ],
    });
    if (strange !== undefined)
      return bad(
        `imports "${strange}"`,
        "a declaration imports only 'stillroom' and 'stillroom/training' (and types): move the rest into run.ts",
      );
    const code = built.outputFiles[0]?.text ?? '';
    const loaded = (await import(`data:text/javascript;base64,${Buffer.from(code).toString('base64')}`)) as { default?: Stage };
    if (loaded.default?.outputs === undefined) return bad('has no default export made by defineStage', 'export default defineStage({ … })');
    return done(loaded.default);
  } catch (error) {
    return bad(error instanceof Error ? error.message : String(error));
  }
}

function toOutput(port: OutputPort): OutputDeclaration {
  const kind = typeof port === 'string' ? port : port.kind;
  return {
    kind: kind === 'dir' ? 'dir' : 'file',
    suffix: kind === 'dir' ? '' : kind.slice('file'.length),
    measured: typeof port !== 'string',
  };
}

function toDeclaration(stage: Stage): Declaration {
  return {
    about: stage.about,
    params: Object.fromEntries(
      Object.entries(stage.params ?? {}).map(([name, { schema, optional, modules, budget }]) => [
        name,
        { schema, optional, ...(modules === undefined ? {} : { modules }), ...(budget === undefined ? {} : { budget }) },
      ]),
    ),
    inputs: stage.inputs ?? {},
    outputs: Object.fromEntries(Object.entries(stage.outputs).map(([port, kind]) => [port, toOutput(kind)])),
    metrics: stage.metrics ?? {},
    resources: stage.resources ?? {},
    ...(stage.measures === undefined ? {} : { measures: stage.measures }),
  };
}

/** The modules that a `param.module` may choose from: name to file. */
export function moduleChoices(folder: string, stageFolder: string): Map<string, string> {
  const at = folder.startsWith('stillroom/') ? join(installation, 'src', folder.slice('stillroom/'.length)) : join(stageFolder, folder);
  if (!existsSync(at)) return new Map();
  const files = readdirSync(at).filter((file) => /^[^.].*(?<!\.d|\.test)\.[jt]s$/.test(file) && !file.startsWith('index.'));
  return new Map(files.sort().map((file) => [file.replace(/\.[jt]s$/, ''), join(at, file)]));
}

import { existsSync, lstatSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { choicesFolder } from '../code/choices.ts';
import { stageFolders } from '../code/declarations.ts';
import { ifPossible } from '../files/durable.ts';
import { pipelineSchema } from '../load/pipeline/schema.ts';
import { installation } from '../model/installation.ts';
import type { Pipeline } from '../model/pipeline.ts';
import { done, type Outcome } from '../model/problem.ts';
import type { Store } from '../model/store.ts';
import { packageFolder } from '../setup/places.mjs';
import type { Context } from './context.ts';

function schemaText(schema: object): string {
  return `${JSON.stringify(schema, null, 1)}\n`;
}

/** When a schema without stages counts as written: before any stage. To read the stages takes longer than many a pipeline of commands. */
const WITHOUT_STAGES = 1000;

/** Writes the file's schema where the first line of our pipelines points an editor to, if a stage is newer, or a choice of this pipeline's. */
export async function writeEditorSchema(root: string, store: Store, { instances }: Pipeline): Promise<void> {
  const declarations = stageFolders(root).flatMap((folder) => [
    folder,
    ...readdirSync(folder)
      .map((name) => join(folder, name, 'stage.ts'))
      .filter((path) => existsSync(path)),
  ]);
  const written = store.published.schemaTime();
  const choices = new Set<string>();
  for (const { work } of instances) {
    if (work.kind === 'command') continue;
    for (const { modules } of Object.values(work.declaration.params))
      if (modules !== undefined) choices.add(choicesFolder(modules, work.folder));
  }
  for (const folder of choices) if (existsSync(folder)) declarations.push(folder, ...readdirSync(folder).map((name) => join(folder, name)));
  if (declarations.every((path) => lstatSync(path).mtimeMs < written)) return;
  const isOfCommands = instances.every(({ work }) => work.kind === 'command');
  if (isOfCommands && written === 0) store.published.writeSchema('pipeline', schemaText(pipelineSchema), WITHOUT_STAGES);
  if (isOfCommands && written <= WITHOUT_STAGES) return;
  await writeSchemas(root, store);
}

/** Writes the schema of pipelines, with all stages that there are, and that of the project file. */
async function writeSchemas(root: string, store: Store): Promise<void> {
  // Few commands write them: what that takes is loaded here.
  const { editorSchema, projectEditorSchema } = await import('../load/editor.ts');
  const { executorKinds, settingsOf } = await import('../executors/kinds.ts');
  const { strategies } = await import('../sweep/strategies.ts');
  store.published.writeSchema('pipeline', schemaText(await editorSchema({ root, cache: store.cache, strategies })));
  const kinds = await Promise.all(executorKinds().map(async (kind) => [kind, await settingsOf(kind)] as const));
  const { remoteKinds, remoteSettingsOf } = await import('../stores/remotes/kinds.ts');
  const remotes = await Promise.all(remoteKinds().map(async (kind) => [kind, await remoteSettingsOf(kind)] as const));
  store.published.writeSchema('project', schemaText(projectEditorSchema(Object.fromEntries(kinds), Object.fromEntries(remotes))));
}

/** What was prepared for an editor. */
export interface PreparedEditor {
  /** The packages whose types the project's own `node_modules` now leads to, each with where it lies. */
  readonly linked: readonly { readonly name: string; readonly folder: string }[];
}

/** Writes the schemas of pipelines and of the project file, and makes the types that stages are written with found, all before a first run. */
export async function prepareEditor(context: Context): Promise<Outcome<PreparedEditor>> {
  return context.withWritableStore(async (store) => {
    await writeSchemas(context.root, store);
    store.flush();
    return done({ linked: linkTypes(context.root) });
  });
}

/** What stages and their checks are typed by. */
const TYPES = ['stillroom', '@types/node'];

/**
 * Links packages into a project's `node_modules` that are found neither there nor above: Stillroom was started by npx, or is a checkout, or
 * is installed for all projects. What npm installs later takes the place of such a link.
 */
function linkTypes(root: string): { readonly name: string; readonly folder: string }[] {
  const linked: { readonly name: string; readonly folder: string }[] = [];
  for (const name of TYPES) {
    const folder = name === 'stillroom' ? installation.replace(/\/$/, '') : packageFolder(name);
    if (folder === undefined || isFound(name, root)) continue;
    const path = join(root, 'node_modules', name);
    ifPossible(() => {
      mkdirSync(dirname(path), { recursive: true });
      // Only a link can be there, to where it was before.
      if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true) rmSync(path);
      symlinkSync(folder, path);
      linked.push({ name, folder });
    });
  }
  return linked;
}

/** Whether a package is found from a folder, as TypeScript looks for it. */
function isFound(name: string, from: string): boolean {
  const above = dirname(from);
  return existsSync(join(from, 'node_modules', name, 'package.json')) || (above !== from && isFound(name, above));
}

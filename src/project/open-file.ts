import { existsSync, lstatSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { Found } from '../engine/fingerprint.ts';
import { loadEngines } from '../engines/engines.ts';
import { hashFile } from '../files/hash.ts';
import { NodesBefore } from '../load/pipeline/nodes-before.ts';
import { outlineOf } from '../load/pipeline/outline.ts';
import { loadPipeline, type ReadFile, readFile } from '../load/pipeline/pipeline.ts';
import { done, failed, type Outcome } from '../model/problem.ts';
import type { Context } from './context.ts';
import type { Opened } from './opened.ts';
import { isRecipe, locatePipeline, noSuchPipeline } from './pipeline-files.ts';
import { provisionOf } from './provision.ts';

/** A pipeline file that was read, with all that making a pipeline of it and planning that needs. */
export interface OpenedFile extends Omit<Opened, 'pipeline'> {
  readonly read: ReadFile;
}

/** Reads the YAML of a pipeline file, with `--set` options. `text`: that of some of its nodes, which is read alone. */
export async function openFile(
  context: Context,
  file: string,
  { set = [], text }: { readonly set?: readonly string[] | undefined; readonly text?: string } = {},
): Promise<Outcome<OpenedFile>> {
  const { folder, root, environment } = context;
  const located = locatePipeline(file, folder);
  const absolute = located.file;
  if (!existsSync(absolute)) return failed(noSuchPipeline(file, folder));
  const remotes = await context.openRemotes();
  if (!remotes.ok) return remotes;
  const store = context.store();
  if (!store.ok) return store;
  const executors = await context.executors();
  if (!executors.ok) return executors;
  const before = fileDigest(absolute);
  const request = {
    file: absolute,
    shownFile: messageFile(file, absolute, folder),
    root,
    cache: store.value.cache,
    from: folder,
    executors: executors.value.names,
    elsewhere: isRecipe(located) ? join(root, 'pipelines') : undefined,
    before: new NodesBefore(),
  };
  const read = await readFile({ ...request, set, text });
  if (!read.ok) return read;
  return done({
    read: read.value,
    store: store.value,
    shownFile: relative(root, absolute),
    named: request.shownFile,
    text: fileDigest(absolute) === before ? before : undefined,
    outline: () => outlineOf(read.value),
    reread: (other) => loadPipeline({ ...request, set: other }),
    surroundings: {
      ...{ root, store: store.value, engines: await loadEngines(), executors: executors.value, environment },
      found: new Found(),
      provision: provisionOf(environment, { tell: context.tell }),
    },
  });
}

/** A pipeline file as messages name it: as it was named, or where it lies. */
function messageFile(file: string, absolute: string, folder: string): string {
  return existsSync(resolve(folder, file)) ? file : relative(folder, absolute);
}

function fileDigest(path: string): string | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() === true ? hashFile(path) : undefined;
}

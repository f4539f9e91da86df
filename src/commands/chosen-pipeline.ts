import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { done, type Outcome } from '../model/problem.ts';
import type { Project } from '../project/project.ts';
import type { Invocation } from './verb.ts';

/** The pipeline that a verb is to work on, as it is typed: the one that is named, else the project's only one. */
export async function chosenPipeline(named: string | undefined, { folder }: Invocation): Promise<Outcome<string>> {
  return named === undefined ? (await import('../project/pipeline-files.ts')).onlyPipeline(folder) : done(named);
}

/** Whether a command is to start another one that goes on by itself: not where it is that one, nor where there is no file, which it refuses itself. */
export async function mayLeave(named: string, { folder, starter }: Invocation): Promise<boolean> {
  if (starter !== undefined) return false;
  const { locatePipeline } = await import('../project/pipeline-files.ts');
  return existsSync(locatePipeline(named, folder).file);
}

/** What `--store` must name in the folder that the command was given in, for the store of a project to be meant; undefined: nothing. */
export async function namedStore(project: Project, { folder, store }: Invocation): Promise<string | undefined> {
  if (store !== undefined) return store;
  const { ownStore } = await import('../project/pipeline-files.ts');
  return ownStore(folder) === project.store ? undefined : relative(folder, project.store);
}

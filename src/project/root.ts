import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { namesIn } from '../files/folder.ts';

/** Where a project lies, and by what it is known as one; undefined: by nothing, so the folder itself is taken. */
export interface FoundRoot {
  readonly root: string;
  readonly mark: string | undefined;
}

/** What of these a project's folder holds is enough to know it. */
const MARKS = ['stillroom.yaml', 'artifacts', 'package.json', '.git'];

/** What a folder is known by as that of a project. */
function markOf(folder: string): string | undefined {
  const mark = MARKS.find((name) => existsSync(join(folder, name)));
  if (mark !== undefined) return mark;
  const hasStage = namesIn(join(folder, 'stages')).some((name) => existsSync(join(folder, 'stages', name, 'stage.ts')));
  return hasStage ? 'stages' : undefined;
}

/** Whether a folder holds pipelines where a project has them. */
function hasPipelines(folder: string): boolean {
  const inside = join(folder, 'pipelines');
  return existsSync(inside) && readdirSync(inside).some((name) => /\.ya?ml$/.test(name));
}

function upward(from: string): string[] {
  const above = dirname(from);
  return above === from ? [from] : [from, ...upward(above)];
}

/**
 * The project of a folder: the nearest one upward that holds a `stillroom.yaml`, a store, a stage, a package.json or a repository. Where none
 * does, the nearest that holds pipelines in a folder `pipelines`, which alone is too common a name to be found inside another project.
 */
export function findRoot(from: string): FoundRoot {
  const folders = upward(from);
  for (const root of folders) {
    const mark = markOf(root);
    if (mark !== undefined) return { root, mark };
  }
  const root = folders.find(hasPipelines);
  return root === undefined ? { root: from, mark: undefined } : { root, mark: 'pipelines' };
}

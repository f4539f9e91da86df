import { dirname, join } from 'node:path';
import type { JobProgram, JobSpecification } from '../../model/job.ts';

/** A bundle of stage code as a job's program. */
export type StageProgram = JobProgram & { readonly kind: 'stage' };

/** A file, or a folder with all that is in it. */
export interface Touchable {
  readonly path: string;
  readonly kind: 'dir' | 'file';
}

/**
 * Files of the system that JavaScript may read: by those of itself packages with native code choose which build of theirs to load. No folder
 * of /proc is among them: each leads to all files (root, cwd, fd).
 */
export const OF_THE_SYSTEM: readonly Touchable[] = [
  '/usr/bin/ldd',
  ...['cpuinfo', 'meminfo', 'self/exe', 'self/maps', 'self/status'].map((name) => `/proc/${name}`),
].map((path) => ({ path, kind: 'file' }));

/** Where a package and what it depends on lie: a linked one is looked up from where it really lies. */
function packageFolders(path: string): string[] {
  const at = path.lastIndexOf('/node_modules/');
  if (at >= 0) return [join(path.slice(0, at), 'node_modules')];
  const above: string[] = [];
  for (let folder = path; folder !== dirname(folder); folder = dirname(folder)) above.push(join(folder, 'node_modules'));
  return [path, ...above];
}

/** The folders of packages that a stage may load, beside Stillroom's own. */
function installedFolders({ packages }: StageProgram): string[] {
  return [...new Set(Object.values(packages).flatMap(packageFolders))];
}

/** What a stage may read and write of the files that are no part of the system. */
export function touchable(
  job: JobSpecification,
  program: StageProgram,
  installation: string,
): { readonly reads: readonly Touchable[]; readonly writes: readonly Touchable[] } {
  const folders = (...paths: string[]): Touchable[] => paths.map((path) => ({ path, kind: 'dir' }));
  return {
    reads: [
      ...folders(job.folder, job.checkpoints, ...installedFolders(program)),
      ...folders(join(installation, 'dist'), join(installation, 'node_modules')),
      { path: join(installation, 'package.json'), kind: 'file' },
      ...program.readable,
    ],
    writes: folders(...['out', 'home', 'tmp', 'work'].map((name) => join(job.folder, name)), job.checkpoints),
  };
}

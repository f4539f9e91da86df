import { posix } from 'node:path';
import type { DvcStage } from './stage.ts';

/** Whether DVC reads a path elsewhere: from a store far away, or from anywhere on this machine. */
export function isElsewhere(path: string): 'far' | 'absolute' | undefined {
  if (/^[a-z0-9+]+:\/\//.test(path)) return 'far';
  return path.startsWith('/') ? 'absolute' : undefined;
}

/** Whether a path lies in a folder, or is it. */
export function liesIn(path: string, folder: string): boolean {
  return path === folder || folder === '.' || path.startsWith(`${folder}/`);
}

/** Where the paths of a pipeline of DVC lie in the working folder of a node: as they lie to each other, below the lowest folder that holds all. */
export class Layout {
  /** The folder of `dvc.yaml` in the working folder. */
  readonly base: string;

  /** `folder`: that of `dvc.yaml`, absolute. */
  constructor(stages: readonly DvcStage[], folder: string) {
    const paths = stages.flatMap(({ deps, outs, params, folder: works }) => [
      ...[...deps, ...outs].map(({ path }) => path),
      ...params.map(({ file }) => file),
      works,
    ]);
    const up = Math.max(
      0,
      ...paths.filter((path) => isElsewhere(path) === undefined).map((path) => path.split('/').filter((step) => step === '..').length),
    );
    this.base = up === 0 ? '.' : posix.join(...folder.split('/').slice(-up));
  }

  /** A path of DVC in the working folder. */
  at(path: string): string {
    return posix.join(this.base, path);
  }
}

import { lstatSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Artifact } from '../model/artifact.ts';
import type { Instance } from '../model/pipeline.ts';
import type { JobSpecification } from '../model/job.ts';
import type { OnMove, Store } from '../model/store.ts';
import type { Workplace } from '../model/workplace.ts';
import { done, failed, type Outcome } from '../model/problem.ts';
import { nearestFile } from '../text/suggestion.ts';

/** Whether a path really lies where it seems to: each step of it below a folder is a folder, and none a link. */
function isInside(folder: string, path: string): boolean {
  for (let above = dirname(path); above.length > folder.length; above = dirname(above))
    if (lstatSync(above, { throwIfNoEntry: false })?.isDirectory() !== true) return false;
  return true;
}

/** Where outputs are taken to, and who writes down what is moved away for each port; undefined: nobody has to. */
export interface Collecting {
  readonly store: Store;
  readonly noteMoves: ((port: string) => OnMove) | undefined;
}

/** Takes all outputs of a finished execution into the store. One that is missing or of the wrong kind fails the node. */
export function collectOutputs(
  instance: Instance,
  outputs: JobSpecification['outputs'],
  place: Workplace,
  { store, noteMoves }: Collecting,
): Outcome<Record<string, Artifact>> {
  const paths = Object.entries(outputs).map(([port, { path, kind }]) => ({
    port,
    kind,
    path: instance.work.kind === 'command' ? join(place.folder, 'work', path) : path,
  }));
  for (const { port, kind, path } of paths) {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    const bad = (message: string, hint: string): Outcome<never> =>
      failed({ kind: 'stage', code: 'missing-output', message: `${instance.name} ${message}`, hint });
    const where = instance.work.kind === 'command' ? `"${instance.work.paths[port]}"` : `outputs.${port}`;
    if (stats === undefined) {
      const other =
        instance.work.kind === 'command'
          ? nearestFile(basename(instance.work.paths[port] ?? port), readdirSync(join(place.folder, 'work')))
          : undefined;
      const write = instance.work.kind === 'command' ? `write to "$${port}", which is ${where}` : `write to ${where}`;
      const hint = other === undefined ? write : `it wrote "${other}": ${write}, or say out: { ${port}: ${other} }`;
      return bad(`ended without writing its output "${port}"`, hint);
    }
    if (!isInside(place.folder, path))
      return failed({
        kind: 'stage',
        code: 'refused-file',
        message: `${instance.name} put a link in place of a folder that its output "${port}" lies in: what it leads to is not the node's own`,
        hint: `write ${where} below the working folder, or copy there what has to be kept`,
      });
    if (stats.isSymbolicLink() || (kind === 'dir' ? !stats.isDirectory() : !stats.isFile())) {
      const what = stats.isSymbolicLink()
        ? 'a link'
        : stats.isDirectory()
          ? 'a folder'
          : stats.isFile()
            ? 'a file'
            : 'neither a file nor a folder';
      const path = instance.work.kind === 'command' ? instance.work.paths[port] : undefined;
      const folder = path === undefined ? "a folder's kind is 'dir'" : `for a folder say out: { ${port}: ${path}/ }`;
      return bad(
        `wrote its output "${port}" as ${what}, not as a ${kind === 'dir' ? 'folder' : 'file'}`,
        kind === 'dir' ? `${where} must be a folder` : `${where} must be a plain file; ${folder}`,
      );
    }
  }
  const collected: Record<string, Artifact> = {};
  for (const { port, kind, path } of paths) {
    const artifact = store.artifacts.collect(path, kind, instance.outputs[port]?.suffix ?? '', noteMoves?.(port));
    if (!artifact.ok) return artifact;
    collected[port] = artifact.value;
  }
  return done(collected);
}

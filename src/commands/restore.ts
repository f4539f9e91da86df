import { existsSync, readdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import type { Artifact } from '../model/artifact.ts';
import { failed, type Outcome, done } from '../model/problem.ts';
import type { RunRecord } from '../model/run.ts';
import { folderName } from '../stores/local/latest.ts';
import type { LocalStore } from '../stores/local/store.ts';
import { EXIT, fail, printJson } from './problems.ts';
import type { CommonOptions } from './project.ts';
import type { Recorded } from './recorded.ts';

/** Whether outputs may be put into a folder: it is not there yet, or empty. */
export function checkFree(folder: string): Outcome<undefined> {
  return existsSync(folder) && readdirSync(folder).length > 0
    ? failed({ kind: 'usage', code: 'folder-in-use', message: `${folder} is not empty`, hint: 'give a new folder: --to FOLDER' })
    : done(undefined);
}

/** Puts the outputs of nodes into a folder, as `<node>/<port>`. Returns the path of each `node.port`. */
export function placeOutputs(record: RunRecord, names: readonly string[], store: LocalStore, folder: string): ReadonlyMap<string, string> {
  const paths = new Map<string, string>();
  for (const name of names) {
    for (const [port, artifact] of Object.entries(record.nodes[name]?.outputs ?? {})) {
      const path = join(folder, folderName(name), `${port}${artifact.suffix}`);
      store.place(artifact, path);
      paths.set(`${name}.${port}`, path);
    }
  }
  return paths;
}

/** `stillroom reproduce --restore`: brings a run's outputs back from the store, executing nothing. */
export function restore({ record, origin, instances }: Recorded, options: CommonOptions & { readonly to?: string }): number {
  const json = options.json === true;
  const names = instances.map(({ name }) => name);
  const broken = names.flatMap((name) =>
    origin.brokenPorts(record.nodes[name]?.outputs ?? {}).map(({ port, damage }) => `${name}.${port} is ${damage}`),
  );
  if (broken.length > 0) {
    fail(
      [
        {
          kind: 'store',
          code: 'missing-content',
          message: `the outputs of ${record.id} cannot be brought back: ${broken.join(', ')}`,
          hint: `make them again: stillroom reproduce ${record.hash?.slice(0, 12) ?? record.id} --to FOLDER`,
        },
      ],
      json,
    );
    return EXIT.notReproduced;
  }
  let paths: ReadonlyMap<string, string>;
  if (options.to === undefined) {
    const outputs = new Map<string, ReadonlyMap<string, Artifact>>(
      names.map((name) => [name, new Map(Object.entries(record.nodes[name]?.outputs ?? {}))]),
    );
    paths = origin.publish(record.pipeline, outputs);
  } else {
    const folder = resolve(options.to);
    const free = checkFree(folder);
    if (!free.ok) return fail(free.problems, json);
    paths = placeOutputs(record, names, origin, folder);
  }
  origin.flush();
  if (json) printJson({ run: record.id, hash: record.hash ?? null, outputs: Object.fromEntries(paths) });
  else {
    for (const [name, path] of paths) process.stdout.write(`${name}  ${relative(process.cwd(), path)}\n`);
    process.stdout.write(`${paths.size} outputs of ${record.id} are back; nothing was executed\n`);
  }
  return EXIT.done;
}

import { existsSync, readdirSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import type { Artifact } from '../model/artifact.ts';
import { failed, type Outcome, done } from '../model/problem.ts';
import type { RunRecord } from '../model/run.ts';
import type { NodeOutputs } from '../model/store.ts';
import { EXIT, fail, printJson } from './problems.ts';
import type { CommonOptions } from './project.ts';
import type { Recorded } from './recorded.ts';

/** Whether outputs may be put into a folder: it is not there yet, or empty. */
export function checkFree(folder: string): Outcome<undefined> {
  return existsSync(folder) && readdirSync(folder).length > 0
    ? failed({ kind: 'usage', code: 'folder-in-use', message: `${folder} is not empty`, hint: 'give a new folder: --to FOLDER' })
    : done(undefined);
}

/** The outputs of a run's nodes. */
export function outputsOf(record: RunRecord, names: readonly string[]): NodeOutputs {
  return new Map(names.map((name) => [name, new Map<string, Artifact>(Object.entries(record.nodes[name]?.outputs ?? {}))]));
}

/** `stillroom reproduce --restore`: brings a run's outputs back from the store, executing nothing. */
export function restore({ record, origin, instances }: Recorded, options: CommonOptions & { readonly to?: string }): number {
  const json = options.json === true;
  const names = instances.map(({ name }) => name);
  const broken = names.flatMap((name) =>
    origin.artifacts.broken(record.nodes[name]?.outputs ?? {}).map(({ port, damage }) => `${name}.${port} is ${damage}`),
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
  const outputs = outputsOf(record, names);
  if (options.to === undefined) paths = origin.published.outputs(record.pipeline, outputs);
  else {
    const folder = resolve(options.to);
    const free = checkFree(folder);
    if (!free.ok) return fail(free.problems, json);
    paths = origin.published.placeIn(folder, outputs);
  }
  origin.flush();
  if (json) printJson({ run: record.id, hash: record.hash ?? null, outputs: Object.fromEntries(paths) });
  else {
    for (const [name, path] of paths) process.stdout.write(`${name}  ${relative(process.cwd(), path)}\n`);
    process.stdout.write(`${paths.size} outputs of ${record.id} are back; nothing was executed\n`);
  }
  return EXIT.done;
}

import { existsSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Artifact } from '../model/artifact.ts';
import { done, failed, type Outcome, type Problem } from '../model/problem.ts';
import type { RunRecord } from '../model/run.ts';
import type { NodeOutputs } from '../model/store.ts';
import type { Context } from './context.ts';
import type { Recorded } from './recorded.ts';

/** A run's outputs, brought back. */
export interface Restored {
  readonly record: RunRecord;
  /** Where each `node.port` is now. */
  readonly outputs: ReadonlyMap<string, string>;
}

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

/** Brings a run's outputs back from the store, into a folder or to where a run puts them; executes nothing. */
export async function restoreOutputs(
  { folder }: Context,
  { record, origin, instances }: Recorded,
  to: string | undefined,
): Promise<Outcome<Restored>> {
  const names = instances.map(({ name }) => name);
  const broken = names.flatMap((name) =>
    origin.artifacts.broken(record.nodes[name]?.outputs ?? {}).map(({ port, damage }) => `${name}.${port} is ${damage}`),
  );
  if (broken.length > 0) return failed(notWhole(record, broken));
  const wanted = outputsOf(record, names);
  const target = to === undefined ? undefined : resolve(folder, to);
  const free = target === undefined ? undefined : checkFree(target);
  if (free?.ok === false) return free;
  const lock = target === undefined ? await origin.published.take(record.pipeline, new AbortController().signal) : undefined;
  const { paths, lost } =
    target === undefined ? origin.published.outputs(record.pipeline, wanted) : origin.published.placeIn(target, wanted);
  lock?.release();
  origin.flush();
  if (lost.length > 0) {
    const damaged = lost.map(({ node, port }) => `${node}.${port} is damaged`);
    return failed(notWhole(record, damaged));
  }
  return done({ record, outputs: paths });
}

function notWhole(record: RunRecord, broken: readonly string[]): Problem {
  return {
    kind: 'store',
    code: 'missing-content',
    message: `the outputs of ${record.id} cannot be brought back: ${broken.join(', ')}`,
    hint: `make them again: stillroom reproduce ${record.hash?.slice(0, 12) ?? record.id} --to FOLDER`,
  };
}

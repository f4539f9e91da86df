import { join, resolve } from 'node:path';
import { recordedInstances } from '../engine/reproduction.ts';
import { suggestion } from '../text/suggestion.ts';
import { type Instance, withProducers } from '../model/pipeline.ts';
import { instancesNamed } from '../load/pipeline/selection.ts';
import { done, failed, type Outcome } from '../model/problem.ts';
import type { RunRecord } from '../model/run.ts';
import type { Store } from '../model/store.ts';
import { findRun } from '../records/find.ts';
import type { Context } from './context.ts';

/** A recorded run and the store that holds what it was made of. */
export interface RecordedRun {
  readonly record: RunRecord;
  readonly origin: Store;
}

/** The same with its nodes. */
export interface Recorded extends RecordedRun {
  readonly instances: readonly Instance[];
}

/** Which run, and which of its nodes. */
export interface RecordedOptions {
  /** Nodes of the run by name; default: all. */
  readonly only?: readonly string[] | undefined;
  /** A packed run in place of one of the store. */
  readonly from?: string | undefined;
}

/** Where a run is looked for. */
interface OnlyHere {
  /** In the store alone, in no remote. */
  readonly isHere?: boolean;
}

/** Finds a recorded run in the store, however it ended, or opens it from a pack in a scratch folder. */
export async function openRun(
  context: Context,
  word: string | undefined,
  { from, isHere = false }: RecordedOptions & OnlyHere,
  scratch: string,
): Promise<Outcome<RecordedRun>> {
  if ((word === undefined) === (from === undefined))
    return failed({
      kind: 'usage',
      code: 'bad-option',
      message: word === undefined ? 'say which run' : 'give a run or --from FILE, not both',
      hint: '@latest is the newest; --from run.still is one that was packed',
    });
  if (from !== undefined) return (await import('./unpack.ts')).openPack(resolve(context.folder, from), join(scratch, 'pack'));
  const origin = context.store();
  if (!origin.ok) return origin;
  let record = findRun(origin.value, word ?? '');
  // What is not here may be where results are looked for.
  if (!record.ok && context.hasRemotes && !isHere && ['unknown-run', 'no-runs'].includes(record.problems[0]?.code ?? '')) {
    const pulled = await (await import('./pull.ts')).pullRun(context, word ?? '', {});
    if (!pulled.ok) return pulled;
    record = done(pulled.value.record);
  }
  return record.ok ? done({ record: record.value, origin: origin.value }) : record;
}

/**
 * Opens a recorded run that was done, with those of its nodes that are wanted and, where they are to be executed, all that they need.
 * A pack is opened in the scratch folder.
 */
export async function openRecorded(
  context: Context,
  word: string | undefined,
  options: RecordedOptions,
  { scratch, withNeeds, isHere = false }: OnlyHere & { readonly scratch: string; readonly withNeeds: boolean },
): Promise<Outcome<Recorded>> {
  const opened = await openRun(context, word, { ...options, isHere }, scratch);
  if (!opened.ok) return opened;
  const { record } = opened.value;
  if (record.state !== 'done')
    return failed({
      kind: 'usage',
      code: 'run-not-done',
      message: `the run ${record.id} is ${record.state}: only a done run can be reproduced`,
      hint: 'stillroom runs --where state=done',
    });
  const instances = recordedInstances(record);
  if (!instances.ok) return instances;
  const words = options.only ?? [];
  const strange = words.find((one) => instancesNamed(instances.value, one).length === 0);
  if (strange !== undefined) {
    const hint = suggestion(strange, new Set(instances.value.flatMap(({ name, node }) => [node, name])));
    return failed({ kind: 'usage', code: 'unknown-node', message: `--only ${strange}: the run has no node of that name`, hint });
  }
  const only = options.only === undefined ? undefined : new Set(instancesNamed(instances.value, ...words));
  const wanted = withNeeds
    ? withProducers(instances.value, only)
    : instances.value.filter(({ name }) => only === undefined || only.has(name));
  return done({ ...opened.value, instances: wanted });
}

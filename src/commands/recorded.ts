import { join, resolve } from 'node:path';
import { recordedInstances } from '../engine/reproduction.ts';
import { suggestion } from '../text/suggestion.ts';
import { type Instance, withProducers } from '../model/pipeline.ts';
import { instancesNamed } from '../load/pipeline/selection.ts';
import { done, failed, type Outcome } from '../model/problem.ts';
import type { RunRecord } from '../model/run.ts';
import type { Store } from '../model/store.ts';
import { findRun } from '../records/find.ts';
import { type CommonOptions, openStore, projectRoot } from './project.ts';

/** A recorded run and the store that holds what it was made of. */
export interface Recorded {
  readonly record: RunRecord;
  readonly origin: Store;
  readonly instances: readonly Instance[];
}

/** Which run, and which of its nodes. */
export interface RecordedOptions extends CommonOptions {
  readonly only?: readonly string[];
  readonly restore?: boolean;
  /** A pack in place of the store. */
  readonly from?: string;
}

/** Finds a recorded run in the store, or opens it from a pack in a scratch folder, and chooses its nodes. */
export async function openRecorded(word: string | undefined, options: RecordedOptions, scratch: string): Promise<Outcome<Recorded>> {
  if ((word === undefined) === (options.from === undefined)) {
    return failed({
      kind: 'usage',
      code: 'bad-option',
      message: word === undefined ? 'say which run to reproduce' : 'give a run or --from FILE, not both',
      hint: 'stillroom reproduce @latest, or stillroom reproduce --from run.still',
    });
  }
  const opened =
    options.from === undefined
      ? openFromStore(word ?? '', options)
      : await (await import('./unpack.ts')).openPack(resolve(options.from), join(scratch, 'pack'));
  if (!opened.ok) return opened;
  const { record, origin } = opened.value;
  if (record.state !== 'done') {
    return failed({
      kind: 'usage',
      code: 'run-not-done',
      message: `the run ${record.id} is ${record.state}: only a done run can be reproduced`,
      hint: 'stillroom runs --where state=done',
    });
  }
  const instances = recordedInstances(record);
  if (!instances.ok) return instances;
  const words = options.only ?? [];
  const strange = words.find((one) => instancesNamed(instances.value, one).length === 0);
  if (strange !== undefined) {
    const names = new Set(instances.value.flatMap(({ name, node }) => [node, name]));
    return failed({
      kind: 'usage',
      code: 'unknown-node',
      message: `--only ${strange}: the run has no node of that name`,
      hint: suggestion(strange, names),
    });
  }
  const only = options.only === undefined ? undefined : new Set(instancesNamed(instances.value, ...words));
  const wanted =
    options.restore === true
      ? instances.value.filter(({ name }) => only === undefined || only.has(name))
      : withProducers(instances.value, only);
  return done({ record, origin, instances: wanted });
}

function openFromStore(word: string, options: RecordedOptions): Outcome<Omit<Recorded, 'instances'>> {
  const origin = openStore(projectRoot(process.cwd()), options);
  if (!origin.ok) return origin;
  const record = findRun(origin.value, word);
  return record.ok ? done({ record: record.value, origin: origin.value }) : record;
}

import { type Difference, differences } from '../../engine/differences.ts';
import { History } from '../../engine/history.ts';
import { recordedIngredients } from '../../engine/recorded-ingredients.ts';
import { exactJson } from '../../model/canonical.ts';
import type { RunRecord } from '../../model/run.ts';
import type { Store } from '../../model/store.ts';
import { withCurrentNames } from '../../records/current-names.ts';
import { ownChanges, producersBehind } from './reason.ts';
import type { OwnReason } from './roots.ts';

/** Records of earlier runs, each read once, with their nodes called as they would be now. */
export class PastRecords {
  private readonly store: Store;
  private readonly known = new Map<string, RunRecord | undefined>();

  constructor(store: Store) {
    this.store = store;
  }

  read(id: string | undefined): RunRecord | undefined {
    if (id === undefined) return undefined;
    if (!this.known.has(id)) {
      const record = this.store.runs.read(id);
      this.known.set(id, record === undefined ? undefined : withCurrentNames(record));
    }
    return this.known.get(id);
  }
}

/** Why the nodes of a run ran, as its record and those of the runs before it tell. */
export function recordedReasons(record: RunRecord, store: Store, past: PastRecords): ReadonlyMap<string, OwnReason> {
  const { file, set, id, sweep } = record;
  const history = new History(store, record.pipeline, { file, set, before: id, isTrial: sweep !== undefined });
  const reasons = new Map<string, OwnReason>();
  for (const [name, { state, cause, recipe }] of Object.entries(record.nodes)) {
    const inputs = recipe?.inputs ?? [];
    const isToCome = state === 'waiting' || state === 'skipped' || state === 'cancelled';
    const before = isToCome ? undefined : past.read(history.of(name).run);
    const changes = before === undefined ? [] : changesSince(before, record, name, store);
    const upstream = producersBehind(changes, inputs).filter((from) => before !== undefined && isOtherwise(from, before, record));
    const own = ownChanges({ changes, upstream }, inputs);
    reasons.set(name, { node: name, action: state, cause, changes, upstream, own, past: before?.id });
  }
  return reasons;
}

/** Whether a node's results are not those of an earlier run. */
function isOtherwise(name: string, before: RunRecord, now: RunRecord): boolean {
  const digests = ({ nodes }: RunRecord): string =>
    exactJson(Object.fromEntries(Object.entries(nodes[name]?.outputs ?? {}).map(([port, { digest }]) => [port, digest])));
  return before.nodes[name]?.fingerprint !== now.nodes[name]?.fingerprint || digests(before) !== digests(now);
}

/** What is otherwise of a node than in an earlier run: by their results where both are kept, else by the records. */
function changesSince(before: RunRecord, now: RunRecord, name: string, store: Store): readonly Difference[] {
  const [a, b] = [before.nodes[name]?.fingerprint, now.nodes[name]?.fingerprint];
  if (a === undefined || a === b) return [];
  const [from, to] = [store.results.read(a)?.ingredients, b === undefined ? undefined : store.results.read(b)?.ingredients];
  if (from !== undefined && to !== undefined) return differences(from, to, [], store);
  const [old, current] = [recordedIngredients(before, name), recordedIngredients(now, name)];
  if (old === undefined || current === undefined) return [];
  return differences(old.ingredients, current.ingredients, [...old.unknown, ...current.unknown], store);
}

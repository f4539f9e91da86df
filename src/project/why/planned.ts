import { explainRun } from '../../engine/explain.ts';
import { inputIngredients, type Settled } from '../../engine/inputs.ts';
import type { NodePlan, Plan } from '../../engine/plan.ts';
import { producersOf } from '../../model/pipeline.ts';
import { ownChanges, producersBehind } from './reason.ts';
import type { OwnReason } from './roots.ts';

/** Why the nodes of a plan would run, and what is otherwise of those that would not. */
export function plannedReasons({ request, nodes, history, snapshots }: Plan): ReadonlyMap<string, OwnReason> {
  const { store } = request.surroundings;
  const settled = new Map<string, Settled>();
  const reasons = new Map<string, OwnReason>();
  for (const [name, planned] of nodes) {
    const { prepared, action, cause } = planned;
    const { inputs } = inputIngredients(prepared.instance, { snapshots, settled });
    const explained = explainRun(prepared, inputs, { store, history, settled });
    const isForced = request.forced.has(name);
    const changes = isForced ? [] : explained.differences;
    const upstream = isForced || explained.isFirst ? [] : upstreamOf(planned, reasons, explained.differences);
    const own = ownChanges({ changes, upstream }, prepared.instance.inputs);
    reasons.set(name, { node: name, action, cause, changes, upstream, own, past: history.of(name).run });
    if (planned.settled !== undefined) settled.set(name, planned.settled);
  }
  return reasons;
}

/** The nodes that a node takes from whose results are not known yet, or are not those that it took last time. */
function upstreamOf(
  { prepared: { instance } }: NodePlan,
  reasons: ReadonlyMap<string, OwnReason>,
  changes: OwnReason['changes'],
): readonly string[] {
  const changed = new Set(producersBehind(changes, instance.inputs));
  return producersOf(instance).filter((from) => {
    const reason = reasons.get(from);
    if (reason === undefined) return false;
    return reason.action !== 'reuse' || (changed.has(from) && reason.changes.length > 0);
  });
}

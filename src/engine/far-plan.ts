import { fingerprintOf, workDigestOf } from '../model/fingerprint.ts';
import type { Ingredients } from '../model/result.ts';
import type { Errand, Results, WantedResult } from '../model/store.ts';
import { type Instance, producersOf } from '../model/pipeline.ts';
import type { Prepared } from './fingerprint.ts';
import type { Settled } from './inputs.ts';
import type { NodePlan } from './plan.ts';

/** What is looked for before a node is executed, and shared after. */
export function wantedResult(
  { instance, own }: Prepared,
  ingredients: Ingredients,
  fingerprint: string = fingerprintOf(ingredients),
): WantedResult {
  const { work, outputs, metrics, measures } = instance;
  return {
    fingerprint,
    workDigest: workDigestOf(own),
    stage: work.kind === 'stage' ? work.stage : 'command',
    ingredients,
    outputs,
    travels: !measures && ![...Object.values(outputs), ...Object.values(metrics)].some(({ measured }) => measured === true),
  };
}

/** Where what is found is put: the plans of nodes, and what they will be given. */
interface Planned {
  readonly nodes: Map<string, NodePlan>;
  readonly settled: Map<string, Settled>;
}

/** Asks remotes for the results of nodes that a plan would execute. Many are asked for at once: a node waits only for those that it needs. */
export class FarPlan {
  private readonly look: NonNullable<Results['look']>;
  private readonly errand: Errand;
  private readonly planned: Planned;
  private readonly asked = new Map<string, Promise<void>>();

  private constructor(look: NonNullable<Results['look']>, errand: Errand, planned: Planned) {
    this.look = look;
    this.errand = errand;
    this.planned = planned;
  }

  /** Undefined where there are no remotes. */
  static of(results: Results, errand: Errand, planned: Planned): FarPlan | undefined {
    return results.look && new FarPlan(results.look.bind(results), errand, planned);
  }

  /** Ends when it is known what becomes of all that an instance is given something of. */
  async knows(instance: Instance): Promise<void> {
    await Promise.all(producersOf(instance).map((name) => this.asked.get(name)));
  }

  /** Ends when all is known. */
  async end(): Promise<void> {
    await Promise.all(this.asked.values());
  }

  /** Asks for the result of a node that would be executed, whose inputs are known. */
  ask(node: NodePlan, ingredients: Ingredients): void {
    const { instance } = node.prepared;
    const wanted = wantedResult(node.prepared, ingredients);
    const asked = this.look(wanted, this.errand).then((found) => {
      if (found === undefined) return;
      const settled: Settled = { instance, fingerprint: wanted.fingerprint, attempt: found.attempt };
      const { remote } = found;
      this.planned.nodes.set(instance.name, {
        ...node,
        ...{ action: 'reuse', cause: `the remote ${remote} has it`, remote, differences: [], settled },
      });
      this.planned.settled.set(instance.name, settled);
    });
    this.asked.set(instance.name, asked);
  }
}

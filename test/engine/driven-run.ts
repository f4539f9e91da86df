import type { NodeEnd } from '../../src/engine/node.ts';
import type { Plan } from '../../src/engine/plan.ts';
import { openingNodes } from '../../src/engine/recorded-node.ts';
import { schedule } from '../../src/engine/schedule.ts';
import type { ReadyNode, ScheduleEnd, Scheduling } from '../../src/engine/scheduling.ts';
import { Slots } from '../../src/engine/slots.ts';
import { broadcast, type Event } from '../../src/model/event.ts';
import type { Problem } from '../../src/model/problem.ts';
import type { Attempt } from '../../src/model/result.ts';
import { attemptOf, executor } from './plans.ts';

/** An execution that goes on until the test ends it. */
interface Execution {
  readonly name: string;
  readonly ready: ReadyNode;
  /** Nothing of it lives any more; what it made is still kept. */
  free(): Promise<void>;
  end(end?: NodeEnd | Error): Promise<void>;
}

/** Lets everything that is due happen. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Why a node failed. */
export function broken(name: string, kind: Problem['kind'] = 'stage'): Problem {
  return { kind, code: 'exit-code', message: `${name} failed` };
}

/** The end of a node that failed. */
export function failure({ plan, fingerprint }: ReadyNode, kind?: Problem['kind']): NodeEnd {
  return { state: 'failed', problem: broken(plan.prepared.instance.name, kind), fingerprint };
}

/** A run without a store and without processes: the test decides when and how each node ends. */
export class DrivenRun {
  readonly executions: Execution[] = [];
  readonly events: Event[] = [];
  readonly results = new Map<string, Attempt>();
  readonly asked = new AbortController();
  readonly end: Promise<ScheduleEnd>;

  constructor(plan: Plan, options: Partial<Scheduling> = {}) {
    this.end = schedule(plan, {
      slots: new Slots({ name: executor.name, capacity: { cpu: 2, gpu: 1, memory: 100 } }),
      keepGoing: false,
      stop: this.asked.signal,
      emit: broadcast([{ report: (event) => void this.events.push(event) }]),
      find: (fingerprint) => this.results.get(fingerprint),
      execute: (ready, onFree) => this.execute(ready, onFree),
      explain: (_, inputs) => `explained by ${Object.keys(inputs).join()}`,
      opening: openingNodes(plan),
      logOf: (node) => ({ log: `logs/${node}.log` }),
      ...options,
    });
  }

  private execute(ready: ReadyNode, onFree: () => void): Promise<NodeEnd> {
    const { instance } = ready.plan.prepared;
    return new Promise((resolve, reject) => {
      ready.onStart();
      const end = async (how?: NodeEnd | Error): Promise<void> => {
        const settled = { instance, fingerprint: ready.fingerprint, attempt: attemptOf(instance.name) };
        if (how instanceof Error) reject(how);
        else resolve(how ?? { state: 'executed', settled });
        await settle();
      };
      const free = (): Promise<void> => {
        onFree();
        return settle();
      };
      this.executions.push({ name: instance.name, ready, free, end });
    });
  }

  /** The nodes that are being executed, in the order in which they started. */
  get names(): string[] {
    return this.executions.map(({ name }) => name);
  }

  get(name: string): Execution {
    const found = this.executions.findLast((one) => one.name === name);
    if (found === undefined) throw new Error(`${name} was not started; started are ${this.names.join()}`);
    return found;
  }

  /** Ends all that runs, and all that starts then, until nothing is left. */
  async finish(): Promise<ScheduleEnd> {
    for (let next = 0; next < this.executions.length; next += 1) await this.executions[next]?.end();
    return this.end;
  }
}

/** How each node ended. */
export function states({ outcomes }: ScheduleEnd): Record<string, string> {
  return Object.fromEntries([...outcomes].map(([name, { state }]) => [name, state]));
}

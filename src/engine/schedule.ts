import { setMaxListeners } from 'node:events';
import type { Happening } from '../model/event.ts';
import { producersOf } from '../model/pipeline.ts';
import type { Problem } from '../model/problem.ts';
import { disturbedText, MOMENT } from '../model/waiting.ts';
import { counted } from '../text/amounts.ts';
import type { Ingredients } from '../model/result.ts';
import type { RunNode } from '../model/run.ts';
import { readyWork } from './fingerprint.ts';
import { inputIngredients, type Known, type Settled } from './inputs.ts';
import type { NodeEnd } from './node.ts';
import { failedNode, inputDigests, settledNode } from './recorded-node.ts';
import type { NodePlan, Plan } from './plan.ts';
import { madeOtherwise, Remakes } from './remakes.ts';
import type { ReadyNode, ScheduleEnd, Scheduling } from './scheduling.ts';

type Failure = Extract<NodeEnd, { readonly state: 'failed' }>;

class Schedule {
  private readonly plan: Plan;
  private readonly scheduling: Scheduling;
  private readonly waiting: Map<string, NodePlan>;
  /** By node: how many of its producers have not come out. */
  private readonly missing = new Map<string, number>();
  private readonly consumers = new Map<string, string[]>();
  /** Those of the waiting nodes whose inputs are there, in the order in which they came to be. */
  private readonly open = new Map<string, NodePlan>();
  private readonly ready = new Map<string, ReadyNode>();
  /** Ready nodes of which no result is known, asked once. */
  private readonly asked = new Set<string>();
  private readonly running = new Map<string, Promise<void>>();
  private readonly settled = new Map<string, Settled>();
  private readonly known: Known;
  private readonly causes = new Map<string, string>();
  private readonly outcomes = new Map<string, RunNode>();
  private readonly problems: Problem[] = [];
  /** Aborted when a node has failed and nothing new begins. */
  private readonly failure = new AbortController();
  private waitTimer: NodeJS.Timeout | undefined;
  private readonly remakes = new Remakes();

  constructor(plan: Plan, scheduling: Scheduling) {
    this.plan = plan;
    this.scheduling = scheduling;
    this.waiting = new Map(plan.nodes);
    this.known = { snapshots: plan.snapshots, settled: this.settled };
    for (const [name, node] of plan.nodes) {
      const producers = producersOf(node.prepared.instance);
      this.missing.set(name, producers.length);
      for (const from of producers) this.consumersOf(from).push(name);
      if (producers.length === 0) this.open.set(name, node);
    }
    setMaxListeners(0, this.failure.signal);
  }

  async run(): Promise<ScheduleEnd> {
    const { slots, stop } = this.scheduling;
    const over = new AbortController();
    const stopped = new Promise<void>((resolve) => stop.addEventListener('abort', () => resolve(), { once: true, signal: over.signal }));
    this.reusePlanned();
    for (;;) {
      if (this.mayStart()) this.startReady();
      // What is ready and did not start waits for slots, or for work that another run does.
      const waits = this.mayStart() && this.open.size > 0;
      if (this.running.size === 0 && !waits) {
        if (await this.makeLostAgain()) continue;
        break;
      }
      this.tellOfWaiting(waits);
      await Promise.race([...this.running.values(), ...(waits ? [slots.changed(), stopped] : [])]);
    }
    over.abort();
    this.tellOfWaiting(false);
    for (const name of this.waiting.keys()) this.end(name, this.nodeAs(name, 'skipped', this.causeOfEnd()));
    return { problems: this.problems, outcomes: this.outcomes, settled: this.settled };
  }

  /** Settles what the plan reuses: producers stand before consumers. */
  private reusePlanned(): void {
    const names: string[] = [];
    for (const [name, { settled }] of this.plan.nodes) {
      const outcome = this.scheduling.opening.get(name);
      if (settled === undefined || outcome === undefined || this.missing.get(name) !== 0) continue;
      this.waiting.delete(name);
      this.open.delete(name);
      this.settled.set(name, settled);
      for (const consumer of this.consumersOf(name)) this.countDown(consumer);
      this.outcomes.set(name, outcome);
      names.push(name);
    }
    if (names.length > 0) this.scheduling.emit({ type: 'nodes-reused', nodes: names });
    for (const name of names) this.tellOfDisturbance(name, this.outcomes.get(name));
  }

  private tellOfDisturbance(node: string, outcome: RunNode | undefined): void {
    if (outcome?.disturbed !== undefined)
      this.scheduling.emit({ type: 'notice', level: 'warning', node, message: disturbedText(outcome.disturbed) });
  }

  /** A node that did not come out, as the record has it. */
  private nodeAs(name: string, state: RunNode['state'], cause: string): RunNode {
    const { stage, params, code, recipe } = this.scheduling.opening.get(name) as RunNode;
    return { state, stage, cause, params, ...(code === undefined ? {} : { code }), ...(recipe === undefined ? {} : { recipe }) };
  }

  /** Why what did not begin never will. */
  private causeOfEnd(): string {
    return this.scheduling.stop.aborted ? 'the run was stopped' : 'a node before it failed';
  }

  /** Tells once that nodes wait for slots, if they do so for a moment. */
  private tellOfWaiting(waits: boolean): void {
    if (!waits) {
      clearTimeout(this.waitTimer);
      this.waitTimer = undefined;
    } else this.waitTimer ??= setTimeout(() => this.scheduling.emit(waitingFor(this.open.size, this.running.size)), MOMENT);
  }

  private consumersOf(name: string): string[] {
    const consumers = this.consumers.get(name) ?? [];
    this.consumers.set(name, consumers);
    return consumers;
  }

  private mayStart(): boolean {
    return !this.scheduling.stop.aborted && (this.scheduling.keepGoing || this.problems.length === 0);
  }

  /** Takes up each ready node; what is reused meanwhile makes others ready, and they are met too. */
  private startReady(): void {
    for (const [name, plan] of this.open) {
      // A node without a result can wait where all threads are busy; looking at each again would take longer than their work.
      if (this.asked.has(name) && this.scheduling.slots.isFull(plan.prepared.executor)) continue;
      if (!this.mayStart() || !this.take(name, plan)) continue;
      this.open.delete(name);
      this.waiting.delete(name);
    }
  }

  /** Decides on a ready node: reused, failed as before, or started. False: it has to wait for slots or for another run. */
  private take(name: string, plan: NodePlan): boolean {
    if (plan.settled !== undefined) {
      this.settle(plan, 'reused', plan.settled, plan.cause);
      return true;
    }
    const { instance, executor } = plan.prepared;
    const { slots, find } = this.scheduling;
    const ready = this.readyNode(name, plan);
    const { fingerprint, work } = ready;
    const attempt = ready.isForced || this.asked.has(name) ? undefined : find(fingerprint);
    if (attempt !== undefined) {
      this.settle(plan, 'reused', { instance, fingerprint, attempt }, reuseCause(plan));
      return true;
    }
    const known = slots.failureOf(fingerprint);
    if (known !== undefined) {
      this.fail(plan, { state: 'failed', problem: known, fingerprint }, plan.cause);
      return true;
    }
    const taken = slots.take(instance, executor, work);
    // While a node waits for slots its result stays unknown, unless another run is at the same work.
    if (taken === 'busy') this.asked.delete(name);
    else this.asked.add(name);
    if (taken !== 'taken') return false;
    if (slots.isTooLarge(instance, executor)) {
      const message = 'asks for more than this machine or --jobs has: it runs alone';
      this.scheduling.emit({ type: 'notice', level: 'warning', node: name, message });
    }
    this.start(name, ready);
    return true;
  }

  /** What a ready node asks for, which changes no more. */
  private readyNode(name: string, plan: NodePlan): ReadyNode {
    const before = this.ready.get(name);
    if (before !== undefined) return before;
    const { inputs } = inputIngredients(plan.prepared.instance, this.known);
    const onStart = (): void =>
      this.scheduling.emit({ type: 'node-started', node: name, cause: this.causeOf(name, plan, inputs), inputs: inputDigests(inputs) });
    const isForced = this.plan.request.forced.has(name);
    const unwanted = this.failure.signal;
    const ready: ReadyNode = { ...readyWork(plan.prepared, inputs), plan, isForced, known: this.known, unwanted, onStart };
    this.ready.set(name, ready);
    return ready;
  }

  /** Why a node runs: where its plan could not tell, told when it starts. */
  private causeOf(name: string, plan: NodePlan, inputs: Ingredients['inputs']): string {
    const cause = this.causes.get(name) ?? (plan.waits === true ? this.scheduling.explain(plan, inputs, this.known) : plan.cause);
    this.causes.set(name, cause);
    return cause;
  }

  private start(name: string, ready: ReadyNode): void {
    const { slots, execute } = this.scheduling;
    const { instance, executor } = ready.plan.prepared;
    const execution = execute(ready)
      .then((end) => this.ended(ready, end))
      .finally(() => {
        slots.release(instance, executor, ready.work);
        this.running.delete(name);
      });
    this.running.set(name, execution);
  }

  private ended({ plan, ingredients }: ReadyNode, end: NodeEnd): void {
    const { name } = plan.prepared.instance;
    if (end.state === 'reused') return this.settle(plan, 'reused', end.settled, reuseCause(plan, end.remote));
    if (end.state === 'cancelled')
      return this.end(name, this.nodeAs(name, this.scheduling.stop.aborted ? 'cancelled' : 'skipped', this.causeOfEnd()));
    if (end.state === 'unfed') {
      this.await(plan);
      return this.makeAgain(end.producers);
    }
    const cause = this.causeOf(name, plan, ingredients.inputs);
    return end.state === 'executed' ? this.settle(plan, 'executed', end.settled, cause) : this.fail(plan, end, cause);
  }

  private fail({ prepared }: NodePlan, { problem, fingerprint }: Failure, cause: string): void {
    const { name } = prepared.instance;
    this.problems.push(problem);
    if (!this.scheduling.keepGoing) this.failure.abort();
    // A full disk is no property of the work; a failure of the stage itself is, and no other run tries it again.
    if (problem.kind === 'stage') this.scheduling.slots.noteFailure(fingerprint, problem);
    const outcome = failedNode(this.nodeAs(name, 'failed', cause), problem, fingerprint);
    this.end(name, { ...outcome, log: this.scheduling.logOf(name) }, problem);
  }

  private settle(plan: NodePlan, state: 'executed' | 'reused', settled: Settled, cause: string): void {
    const { prepared } = plan;
    const { name } = prepared.instance;
    const readers = this.remakes.isOtherwise(settled) ? this.consumersOf(name).filter((one) => !this.waiting.has(one)) : [];
    if (readers.length > 0)
      return this.fail(plan, { state: 'failed', problem: madeOtherwise(name, readers), fingerprint: settled.fingerprint }, cause);
    this.settled.set(name, settled);
    for (const consumer of this.consumersOf(name)) this.countDown(consumer);
    const outcome = settledNode(this.nodeAs(name, state, cause), settled, this.known);
    this.tellOfDisturbance(name, outcome);
    this.end(name, state === 'executed' ? { ...outcome, log: this.scheduling.logOf(name) } : outcome);
  }

  /** One more of a node's producers has come out. */
  private countDown(name: string): void {
    const left = (this.missing.get(name) ?? 0) - 1;
    this.missing.set(name, left);
    const plan = this.waiting.get(name);
    if (left === 0 && plan !== undefined) this.open.set(name, plan);
  }

  /** Makes again what turned out to be lost when all had come out; false if nothing did. */
  private async makeLostAgain(): Promise<boolean> {
    if (this.settled.size < this.plan.nodes.size || this.problems.length > 0) return false;
    const lost = (await this.scheduling.lost?.(this.settled)) ?? [];
    this.makeAgain(lost);
    return lost.length > 0 && this.problems.length === 0;
  }

  /** Puts nodes back whose outputs are lost, unless they are on their way already; whoever waits for them waits on. */
  private makeAgain(names: readonly string[]): void {
    for (const name of names) {
      const [settled, known] = [this.settled.get(name), this.plan.nodes.get(name)];
      if (settled === undefined || known === undefined) continue;
      const cause = 'its outputs were damaged on the disk: they are made again';
      const problem = this.remakes.note(settled);
      this.settled.delete(name);
      this.outcomes.delete(name);
      const plan: NodePlan = { ...known, action: 'run', cause, waits: undefined, settled: undefined };
      if (problem !== undefined) this.fail(plan, { state: 'failed', problem, fingerprint: settled.fingerprint }, cause);
      else {
        this.scheduling.emit({ type: 'notice', level: 'warning', node: name, message: cause });
        this.causes.set(name, cause);
        this.await(plan);
      }
      // What was to be reused with the former bytes is decided anew.
      for (const consumer of this.consumersOf(name)) {
        const waiting = this.waiting.get(consumer);
        if (waiting !== undefined) this.await({ ...waiting, settled: undefined });
      }
    }
  }

  /** Lets a node wait for those of its producers that have not come out; without any it may start. */
  private await(plan: NodePlan): void {
    const { name } = plan.prepared.instance;
    const missing = producersOf(plan.prepared.instance).filter((one) => !this.settled.has(one)).length;
    this.missing.set(name, missing);
    this.waiting.set(name, plan);
    this.ready.delete(name);
    this.asked.delete(name);
    this.open.delete(name);
    if (missing === 0) this.open.set(name, plan);
  }

  private end(node: string, outcome: RunNode, problem?: Problem): void {
    this.outcomes.set(node, outcome);
    this.scheduling.emit({ type: 'node-ended', node, outcome, ...(problem === undefined ? {} : { problem }) });
  }
}

function waitingFor(count: number, running: number): Happening {
  const whom = running === 0 ? 'for other runs of this process' : `for free slots: ${running} ${running === 1 ? 'runs' : 'run'}`;
  return { type: 'nodes-waiting', count, message: `${counted(count, 'node')} ${count === 1 ? 'waits' : 'wait'} ${whom}` };
}

/** Why a node was reused that the plan did not promise to. */
function reuseCause({ action }: NodePlan, remote?: string): string {
  if (remote !== undefined) return `found in the remote ${remote}`;
  return action === 'maybe' ? 'its inputs came out as before, so its result holds' : 'another run has done the same work meanwhile';
}

/**
 * Runs what a plan asks for: starts what is ready within the slots, reuses what is known by then, and tells what happens. Results of
 * siblings of a failed node are kept.
 */
export function schedule(plan: Plan, scheduling: Scheduling): Promise<ScheduleEnd> {
  return new Schedule(plan, scheduling).run();
}

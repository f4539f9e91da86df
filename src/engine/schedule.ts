import { setMaxListeners } from 'node:events';
import type { Problem } from '../model/problem.ts';
import { disturbedText } from '../model/waiting.ts';
import type { Ingredients } from '../model/result.ts';
import type { RunNode } from '../model/run.ts';
import { Awaited } from './awaited.ts';
import { Bell } from './bell.ts';
import { reuseCause } from './explain.ts';
import { readyWork } from './fingerprint.ts';
import { inputIngredients, type Known, type Settled } from './inputs.ts';
import type { NodeEnd } from './node.ts';
import { OpenNodes } from './open-nodes.ts';
import { failedNode, inputDigests, settledNode } from './recorded-node.ts';
import type { NodePlan, Plan } from './plan.ts';
import { madeOtherwise, Remakes } from './remakes.ts';
import { startingOrder } from './starting-order.ts';
import { WaitTeller } from './wait-teller.ts';
import type { ReadyNode, ScheduleEnd, Scheduling } from './scheduling.ts';

type Failure = Extract<NodeEnd, { readonly state: 'failed' }>;

class Schedule {
  private readonly plan: Plan;
  private readonly scheduling: Scheduling;
  private readonly waiting: Map<string, NodePlan>;
  private readonly awaited: Awaited;
  /** Those of the waiting nodes whose inputs are there. */
  private readonly open: OpenNodes;
  private readonly ready = new Map<string, ReadyNode>();
  private running = 0;
  private readonly settled = new Map<string, Settled>();
  private readonly known: Known;
  private readonly causes = new Map<string, string>();
  private readonly outcomes = new Map<string, RunNode>();
  private readonly problems: Problem[] = [];
  /** Aborted when a node has failed and nothing new begins. */
  private readonly failure = new AbortController();
  private readonly unwanted: AbortSignal;
  /** Rings when nodes may begin that could not before. */
  private readonly bell = new Bell();
  private readonly waitTeller: WaitTeller;
  private readonly remakes = new Remakes();

  constructor(plan: Plan, scheduling: Scheduling) {
    this.plan = plan;
    this.scheduling = scheduling;
    this.waiting = new Map(plan.nodes);
    this.known = { snapshots: plan.snapshots, settled: this.settled };
    this.awaited = new Awaited([...plan.nodes.values()].map(({ prepared }) => prepared.instance));
    this.open = new OpenNodes(startingOrder(plan, scheduling.expected));
    for (const [name, node] of plan.nodes) if (this.awaited.isReady(name)) this.open.add(name, node);
    this.waitTeller = new WaitTeller(scheduling.emit, () => ({ waiting: this.open.size, running: this.running }));
    this.unwanted = AbortSignal.any([scheduling.stop, this.failure.signal]);
    setMaxListeners(0, this.unwanted);
  }

  async run(): Promise<ScheduleEnd> {
    const { slots, stop } = this.scheduling;
    const onStop = (): void => this.bell.ring();
    const unwatch = slots.watch((work) => this.open.freed(work) && this.bell.ring());
    stop.addEventListener('abort', onStop, { once: true });
    try {
      this.reusePlanned();
      await this.runOpen();
    } finally {
      unwatch();
      stop.removeEventListener('abort', onStop);
      this.waitTeller.note(false);
    }
    for (const name of this.waiting.keys()) this.end(name, this.nodeAs(name, 'skipped', this.causeOfEnd()));
    return { problems: this.problems, outcomes: this.outcomes, settled: this.settled };
  }

  /** Starts what may begin, until nothing runs and nothing waits. */
  private async runOpen(): Promise<void> {
    for (;;) {
      if (this.mayStart()) this.startReady();
      // What is ready and did not start waits for slots, or for work that another run does.
      const waits = this.mayStart() && this.open.size > 0;
      if (this.running > 0 || waits) {
        this.waitTeller.note(waits);
        if (!waits) this.scheduling.hurry?.();
        await this.bell.heard();
      } else if (!(await this.makeLostAgain())) return;
    }
  }

  /** Settles what the plan reuses: producers stand before consumers. */
  private reusePlanned(): void {
    const names: string[] = [];
    for (const [name, { settled }] of this.plan.nodes) {
      const outcome = this.scheduling.opening.get(name);
      if (settled === undefined || outcome === undefined || !this.awaited.isReady(name)) continue;
      this.waiting.delete(name);
      this.open.delete(name);
      this.settled.set(name, settled);
      this.cameOut(name);
      this.outcomes.set(name, outcome);
      names.push(name);
    }
    const reused = [...(this.scheduling.beside ?? []), ...names];
    if (reused.length > 0) this.scheduling.emit({ type: 'nodes-reused', nodes: reused });
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

  private mayStart(): boolean {
    return !this.scheduling.stop.aborted && (this.scheduling.keepGoing || this.problems.length === 0);
  }

  /** Takes up each ready node; what is reused meanwhile makes others ready, and they are met too. */
  private startReady(): void {
    for (let open = this.open.next(); open !== undefined && this.mayStart(); open = this.open.next()) {
      const { name, plan, isAsked } = open;
      if (!this.take(name, plan, isAsked)) continue;
      this.open.delete(name);
      this.waiting.delete(name);
    }
  }

  /** Decides on a ready node: reused, failed as before, or started. False: it waits. `isAsked`: no result was there before it waited for slots. */
  private take(name: string, plan: NodePlan, isAsked: boolean): boolean {
    if (plan.settled !== undefined) {
      this.settle(plan, 'reused', plan.settled, plan.cause);
      return true;
    }
    const { instance, executor } = plan.prepared;
    const { slots, find } = this.scheduling;
    const ready = this.readyNode(name, plan);
    const { fingerprint, work } = ready;
    const attempt = ready.isForced || isAsked ? undefined : find(fingerprint);
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
    if (taken === 'busy') this.open.waitForWork(name, work);
    if (taken === 'full') this.open.waitForSlots(name);
    if (taken !== 'taken') return false;
    if (slots.isTooLarge(instance, executor)) {
      const message = 'asks for more than this machine or --jobs has: it runs alone';
      this.scheduling.emit({ type: 'notice', level: 'warning', node: name, message });
    }
    this.start(ready);
    return true;
  }

  /** What a ready node asks for, which changes no more. */
  private readyNode(name: string, plan: NodePlan): ReadyNode {
    const before = this.ready.get(name);
    if (before !== undefined) return before;
    const { known, unwanted } = this;
    const { inputs } = inputIngredients(plan.prepared.instance, known);
    const onStart = (): void =>
      this.scheduling.emit({ type: 'node-started', node: name, cause: this.causeOf(name, plan, inputs), inputs: inputDigests(inputs) });
    const isForced = this.plan.request.forced.has(name);
    const isAwaited = (): boolean =>
      this.open.size === 0 || this.awaited.consumersOf(name).some((consumer) => this.open.wouldBeFirst(consumer));
    const ready: ReadyNode = { ...readyWork(plan.prepared, inputs), plan, isForced, known, unwanted, isAwaited, onStart };
    this.ready.set(name, ready);
    return ready;
  }

  /** Why a node runs: where its plan could not tell, told when it starts. */
  private causeOf(name: string, plan: NodePlan, inputs: Ingredients['inputs']): string {
    const cause = this.causes.get(name) ?? (plan.waits === true ? this.scheduling.explain(plan, inputs, this.known) : plan.cause);
    this.causes.set(name, cause);
    return cause;
  }

  private start(ready: ReadyNode): void {
    const { instance, executor } = ready.plan.prepared;
    const { slots, execute } = this.scheduling;
    this.running += 1;
    void execute(ready, () => slots.free(instance, executor, ready.work))
      .then((end) => this.ended(ready, end))
      .finally(() => {
        this.running -= 1;
        slots.release(instance, executor, ready.work);
      })
      .then(
        () => this.bell.ring(),
        (bug: unknown) => this.bell.fail(bug),
      );
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
    this.end(name, { ...outcome, ...this.scheduling.logOf(name) }, problem);
  }

  private settle(plan: NodePlan, state: 'executed' | 'reused', settled: Settled, cause: string): void {
    const { name } = plan.prepared.instance;
    const readers = this.remakes.isOtherwise(settled) ? this.awaited.consumersOf(name).filter((one) => !this.waiting.has(one)) : [];
    if (readers.length > 0)
      return this.fail(plan, { state: 'failed', problem: madeOtherwise(name, readers), fingerprint: settled.fingerprint }, cause);
    this.settled.set(name, settled);
    this.cameOut(name);
    const outcome = settledNode(this.nodeAs(name, state, cause), settled, this.known);
    this.tellOfDisturbance(name, outcome);
    this.end(name, state === 'executed' ? { ...outcome, ...this.scheduling.logOf(name) } : outcome);
  }

  /** A node has come out: those that waited for nothing else may begin. */
  private cameOut(name: string): void {
    for (const consumer of this.awaited.cameOut(name)) {
      const plan = this.waiting.get(consumer);
      if (plan !== undefined) this.open.add(consumer, plan);
    }
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
      for (const consumer of this.awaited.consumersOf(name)) {
        const waiting = this.waiting.get(consumer);
        if (waiting !== undefined) this.await({ ...waiting, settled: undefined });
      }
    }
  }

  /** Lets a node wait for those of its producers that have not come out; without any it may start. */
  private await(plan: NodePlan): void {
    const { name } = plan.prepared.instance;
    this.awaited.waitAnew(plan.prepared.instance, this.settled);
    this.waiting.set(name, plan);
    this.ready.delete(name);
    this.open.delete(name);
    if (this.awaited.isReady(name)) this.open.add(name, plan);
  }

  private end(node: string, outcome: RunNode, problem?: Problem): void {
    this.outcomes.set(node, outcome);
    this.scheduling.emit({ type: 'node-ended', node, outcome, ...(problem === undefined ? {} : { problem }) });
  }
}

/**
 * Runs what a plan asks for: starts what is ready within the slots, reuses what is known by then, and tells what happens. Results of
 * siblings of a failed node are kept.
 */
export function schedule(plan: Plan, scheduling: Scheduling): Promise<ScheduleEnd> {
  return new Schedule(plan, scheduling).run();
}

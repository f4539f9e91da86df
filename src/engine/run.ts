import type { Artifact } from '../model/artifact.ts';
import { digestOf } from '../model/canonical.ts';
import type { Event } from '../model/event.ts';
import { producersOf } from '../model/pipeline.ts';
import type { Capacity, Stop } from '../model/executor.ts';
import type { Problem } from '../model/problem.ts';
import type { Ingredients } from '../model/result.ts';
import { RECORD_FORMAT, type RunNode, type RunRecord, type RunState } from '../model/run.ts';
import { explainRun } from './cause.ts';
import { runHash } from '../model/run-hash.ts';
import { inputIngredients, type Settled } from './inputs.ts';
import { keepSources } from './kept-sources.ts';
import { executeNode, type NodeEnd, type NodeRun } from './node.ts';
import { type NodePlan, type Plan, plannedNodes } from './plan.ts';
import { inputDigests, type ReadyWork, readyWork, reuseCause, storeFailure } from './ready.ts';
import { recipeOf, recordedSources } from './recipe.ts';
import { Slots } from './slots.ts';

/** How a plan is carried out. */
export interface RunOptions {
  readonly id: string;
  /** The pipeline file as the record names it. */
  readonly shownFile: string;
  readonly set: readonly string[];
  /** What may be used at once; runs of one process that share slots also share their work. */
  readonly capacity: Capacity | Slots;
  /** False: users do not find the outputs under `latest`. */
  readonly publish?: boolean;
  readonly keepGoing: boolean;
  readonly emit: (event: Event) => void;
  /** Aborted: nothing new starts and what runs is stopped. */
  readonly stop: Stop;
}

/** A finished run: its record, and where to find each output that came out of it. */
export interface RunEnd {
  readonly record: RunRecord;
  readonly problems: readonly Problem[];
  readonly outputs: ReadonlyMap<string, string>;
}

/** Milliseconds between two writings of a live record. */
const RECORD_PAUSE = 1000;

class Run {
  private readonly plan: Plan;
  private readonly options: RunOptions;
  private readonly slots: Slots;
  private readonly settled = new Map<string, Settled>();
  private readonly states = new Map<string, RunNode>();
  private readonly works = new Map<string, ReadyWork>();
  private kept: ReadonlySet<string> = new Set();
  private readonly running = new Map<string, Promise<void>>();
  private readonly started = new Date();
  private readonly problems: Problem[] = [];
  private readonly warned = new Set<string>();
  private lastWritten = 0;

  constructor(plan: Plan, options: RunOptions) {
    this.plan = plan;
    this.options = options;
    this.slots = options.capacity instanceof Slots ? options.capacity : new Slots(options.capacity);
    for (const [name, node] of plan.nodes) this.states.set(name, this.node(node, 'waiting', node.cause));
  }

  private node({ prepared }: NodePlan, state: RunNode['state'], cause: string): RunNode {
    const { instance, own } = prepared;
    const { work } = instance;
    return {
      state,
      cause,
      stage: work.kind === 'stage' ? work.stage : 'command',
      params: instance.params,
      code: own.work.kind === 'stage' ? own.work.code : digestOf({ run: own.work.run, tools: own.work.tools }),
      recipe: recipeOf(prepared),
    };
  }

  async carryOut(): Promise<RunEnd> {
    const { store } = this.plan.request.surroundings;
    const lease = store.runs.start(this.options.id);
    try {
      this.options.emit({
        type: 'run-started',
        run: this.options.id,
        pipeline: this.plan.request.pipeline.name,
        nodes: plannedNodes(this.plan),
      });
      this.write('live');
      const { kept, problems } = keepSources(this.plan);
      this.kept = kept;
      this.problems.push(...problems);
      if (this.problems.length === 0) await this.loop();
      return this.finish();
    } finally {
      store.flush();
      lease.release();
    }
  }

  private async loop(): Promise<void> {
    for (;;) {
      const mayStart = !this.options.stop.asked.aborted && (this.options.keepGoing || this.problems.length === 0);
      if (mayStart) this.startReady();
      const waitsForOthers = mayStart && [...this.plan.nodes].some(([name, plan]) => this.isReady(name, plan));
      if (this.running.size === 0 && !waitsForOthers) break;
      await Promise.race(waitsForOthers ? [...this.running.values(), this.slots.changed()] : this.running.values());
    }
    for (const [name, node] of this.states) {
      if (node.state !== 'waiting') continue;
      const cause = this.options.stop.asked.aborted ? 'the run was stopped' : 'a node before it failed';
      this.end(name, { ...node, state: 'skipped', cause });
    }
  }

  private isReady(name: string, { prepared: { instance } }: NodePlan): boolean {
    return this.states.get(name)?.state === 'waiting' && producersOf(instance).every((from) => this.settled.has(from));
  }

  private startReady(): void {
    let again = true;
    while (again) {
      again = false;
      for (const [name, plan] of this.plan.nodes) {
        if (!this.isReady(name, plan)) continue;
        if (plan.settled !== undefined) {
          this.settle(plan, 'reused', plan.settled, plan.cause);
          again = true;
        } else if (this.startNode(name, plan)) again = true;
      }
    }
  }

  /** What a ready node's work is; its inputs change no more. */
  private workOf(name: string, { prepared }: NodePlan): ReadyWork {
    const known = this.works.get(name) ?? readyWork(prepared, { snapshots: this.plan.snapshots, settled: this.settled });
    this.works.set(name, known);
    return known;
  }

  /** Reuses what turned out to be known after all, else starts the node if its slots are free and no other run does its work. */
  private startNode(name: string, plan: NodePlan): boolean {
    const { instance } = plan.prepared;
    const { ingredients, fingerprint, work } = this.workOf(name, plan);
    const { inputs } = ingredients;
    const isForced = this.plan.request.forced.has(name);
    const { store } = this.plan.request.surroundings;
    const attempt = isForced ? undefined : store.results.read(fingerprint)?.attempts[0];
    if (attempt !== undefined && store.artifacts.broken(attempt.outputs).length === 0) {
      this.ended(name, plan, { state: 'reused', settled: { instance, fingerprint, attempt } }, plan.cause);
      return true;
    }
    const problem = this.slots.failureOf(fingerprint);
    if (problem !== undefined) {
      this.ended(name, plan, { state: 'failed', problem, fingerprint }, plan.cause);
      return true;
    }
    if (!this.slots.take(instance, work)) return false;
    if (this.slots.isTooLarge(instance) && !this.warned.has(name)) {
      this.warned.add(name);
      this.options.emit({
        type: 'notice',
        level: 'warning',
        node: name,
        message: 'asks for more than this machine or --jobs has: it runs alone',
      });
    }
    const cause = plan.waits === true ? this.causeNow(plan, inputs) : plan.cause;
    this.states.set(name, { ...this.node(plan, 'running', cause), inputs: inputDigests(inputs) });
    const context: NodeRun = {
      run: this.options.id,
      surroundings: this.plan.request.surroundings,
      sources: this.plan.request.pipeline.sources,
      keptSources: this.kept,
      emit: this.options.emit,
      stop: this.options.stop,
      onStart: () => this.options.emit({ type: 'node-started', node: name, cause }),
    };
    const execution = executeNode(plan.prepared, ingredients, { snapshots: this.plan.snapshots, settled: this.settled }, isForced, context)
      .catch((error: unknown) => storeFailure(error, name))
      .then((end) => this.ended(name, plan, end, cause));
    this.running.set(
      name,
      execution.finally(() => {
        this.slots.release(instance, work);
        this.running.delete(name);
      }),
    );
    return true;
  }

  /** Why a node runs whose inputs were not known when it was planned. */
  private causeNow({ prepared }: NodePlan, inputs: Ingredients['inputs']): string {
    const { request, history } = this.plan;
    return explainRun(prepared, inputs, { store: request.surroundings.store, history, settled: this.settled }).cause;
  }

  private ended(name: string, plan: NodePlan, end: NodeEnd, cause: string): void {
    if (end.state === 'executed' || end.state === 'reused') {
      this.settle(plan, end.state, end.settled, end.state === 'reused' ? reuseCause(plan) : cause);
    } else if (end.state === 'cancelled') this.end(name, { ...this.node(plan, 'cancelled', 'the run was stopped') });
    else {
      this.problems.push(end.problem);
      if (end.problem.kind === 'stage') this.slots.noteFailure(end.fingerprint, end.problem);
      const { code, message, hint } = end.problem;
      this.end(
        name,
        {
          ...this.node(plan, 'failed', cause),
          fingerprint: end.fingerprint,
          error: { code, message, ...(hint === undefined ? {} : { hint }) },
          log: this.logOf(name),
        },
        end.problem,
      );
    }
  }

  private logOf(name: string): string {
    return this.plan.request.surroundings.store.runs.log(this.options.id, name).name;
  }

  private settle(plan: NodePlan, state: 'executed' | 'reused', settled: Settled, cause: string): void {
    const { instance, attempt, fingerprint } = settled;
    this.settled.set(instance.name, settled);
    const { inputs } = inputIngredients(instance, { snapshots: this.plan.snapshots, settled: this.settled });
    this.end(instance.name, {
      ...this.node(plan, state, cause),
      fingerprint,
      inputs: inputDigests(inputs),
      outputs: Object.fromEntries(
        Object.entries(attempt.outputs).map(([port, artifact]) => [
          port,
          { ...artifact, measured: instance.outputs[port]?.measured === true },
        ]),
      ),
      metrics: attempt.metrics,
      seconds: attempt.seconds,
      ...(state === 'executed' ? { log: this.logOf(instance.name) } : {}),
    });
  }

  private end(name: string, node: RunNode, problem?: Problem): void {
    this.states.set(name, node);
    this.options.emit({ type: 'node-ended', node: name, outcome: node, ...(problem === undefined ? {} : { problem }) });
    if (Date.now() - this.lastWritten > RECORD_PAUSE) this.write('live');
  }

  private write(state: RunState, hash?: string): RunRecord {
    const { pipeline, surroundings } = this.plan.request;
    const { facts } = this.plan.executor;
    const record: RunRecord = {
      format: RECORD_FORMAT,
      id: this.options.id,
      state,
      ...(hash === undefined ? {} : { hash }),
      pipeline: pipeline.name,
      file: this.options.shownFile,
      started: this.started.toISOString(),
      ...(state === 'live' ? {} : { ended: new Date().toISOString() }),
      params: pipeline.params,
      set: this.options.set,
      sources: recordedSources(this.plan, this.kept),
      nodes: Object.fromEntries(this.states),
      facts: {
        platform: facts.platform,
        machine: facts.machine,
        tensorflow: facts.engines['tensorflow'] ?? null,
      },
    };
    surroundings.store.runs.write(record);
    this.lastWritten = Date.now();
    return record;
  }

  private finish(): RunEnd {
    const { pipeline, surroundings } = this.plan.request;
    const nodes = Object.fromEntries(this.states);
    const state: RunState =
      this.problems.length > 0
        ? 'failed'
        : this.options.stop.asked.aborted &&
            [...this.states.values()].some((node) => node.state === 'cancelled' || node.state === 'skipped')
          ? 'cancelled'
          : 'done';
    let outputs: ReadonlyMap<string, string> = new Map();
    if (state === 'done' && this.options.publish !== false) {
      const artifacts = new Map<string, ReadonlyMap<string, Artifact>>();
      for (const [name, { attempt }] of this.settled) artifacts.set(name, new Map(Object.entries(attempt.outputs)));
      outputs = surroundings.store.published.outputs(pipeline.name, artifacts);
    }
    const record = this.write(state, state === 'done' ? runHash(nodes) : undefined);
    this.options.emit({ type: 'run-ended', record });
    return { record, problems: this.problems, outputs };
  }
}

/** Carries out a plan: executes what is stale, within the slots, and keeps a record from the start. Results of siblings of a failed node are kept. */
export async function carryOut(plan: Plan, options: RunOptions): Promise<RunEnd> {
  return new Run(plan, options).carryOut();
}

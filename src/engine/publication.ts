import type { Artifact } from '../model/artifact.ts';
import type { Problem } from '../model/problem.ts';
import type { NodeOutputs, PublishedOutputs } from '../model/store.ts';
import { telling } from '../model/waiting.ts';
import type { Plan } from './plan.ts';
import { refusable } from './refusable.ts';
import { damaged } from './remakes.ts';
import type { Rest } from './rest.ts';
import type { ScheduleEnd } from './scheduling.ts';

/** What is beside the plan of a part of a pipeline, how a run waits for others, and how it tells of that. */
interface Waiter {
  readonly rest: Rest | undefined;
  readonly signal: AbortSignal;
  readonly onWait: () => void;
}

/** Puts the outputs of a run where users find them, once all have come out. */
export class Publication {
  /** By `node.port`; empty as long as nothing is published. */
  paths: ReadonlyMap<string, string> = new Map();
  /** How the folder of outputs stands; empty as long as nothing is published. */
  standing = '';
  /** Why nothing could be published. */
  problems: readonly Problem[] = [];
  private readonly plan: Plan;
  private readonly waiting: Waiter;

  constructor(plan: Plan, waiting: Waiter) {
    this.plan = plan;
    this.waiting = waiting;
  }

  /** Publishes while no other run of the pipeline does, as `put` does; nothing where the run is stopped before that. */
  async publish(settled: ScheduleEnd['settled']): Promise<string[]> {
    const { pipeline, surroundings } = this.plan.request;
    const { signal, onWait } = this.waiting;
    try {
      const lock = await telling(surroundings.store.published.take(pipeline.name, signal), onWait);
      try {
        return lock === undefined ? [] : this.put(settled);
      } finally {
        lock?.release();
      }
    } catch (error) {
      const refused = refusable(this.plan, () => {
        throw error;
      });
      this.problems = refused.ok ? [] : refused.problems;
      return [];
    }
  }

  /** Returns the nodes whose outputs turn out to be lost; then nothing is published. */
  private put(settled: ScheduleEnd['settled']): string[] {
    const artifacts = new Map<string, ReadonlyMap<string, Artifact>>();
    for (const [name, { attempt }] of settled) artifacts.set(name, new Map(Object.entries(attempt.outputs)));
    const placed = refusable(this.plan, () => this.place(artifacts));
    this.problems = placed.ok ? [] : placed.problems;
    if (!placed.ok) return [];
    const { paths, lost, standing } = placed.value;
    const { rest } = this.waiting;
    if (lost.length === 0) this.paths = rest === undefined ? paths : new Map([...rest.former.outputs, ...paths]);
    this.standing = standing;
    const nodes = [...new Set(lost.map(({ node }) => node))];
    const others = nodes.filter((node) => !settled.has(node));
    this.problems = others.map((node) => damaged(node, 'are damaged', 'run again: they are made again'));
    return nodes.filter((node) => settled.has(node));
  }

  private place(artifacts: NodeOutputs): PublishedOutputs {
    const { pipeline, surroundings } = this.plan.request;
    const { published } = surroundings.store;
    const { rest } = this.waiting;
    if (rest === undefined)
      return published.outputs(
        pipeline.name,
        artifacts,
        pipeline.instances.map(({ name }) => name),
      );
    const changed = published.change(pipeline.name, artifacts, rest.former.published);
    return changed ?? published.outputs(pipeline.name, new Map([...rest.outputs(), ...artifacts]), []);
  }
}

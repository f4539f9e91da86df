import type { Outcome } from '../model/problem.ts';
import type { SweepEvent } from '../model/sweep-event.ts';
import { Context, type ProjectOptions } from './context.ts';
import type { PipelinePlan, PlanOptions, RunOptions, RunResult } from './run.ts';
import { type Running, startRunning } from './running.ts';
import type { SweepEnd, SweepOptions } from './sweep.ts';

/** A project: pipelines, stages and a store, and what can be asked of them. Nothing here prints or listens to signals. */
export class Project {
  private readonly context: Context;

  constructor(options: ProjectOptions) {
    this.context = new Context(options);
  }

  /** The project's folder, absolute. */
  get root(): string {
    return this.context.root;
  }

  /** Says of each node of a pipeline file whether a run would execute it, and why; executes nothing. */
  async plan(file: string, options: PlanOptions = {}): Promise<Outcome<PipelinePlan>> {
    return (await import('./run.ts')).planFile(this.context, file, options);
  }

  /** Runs a pipeline file. Fails only where it cannot begin: how its nodes ended is told in the result and by the events. */
  run(file: string, options: RunOptions = {}): Running<Outcome<RunResult>> {
    return startRunning(async (emit) => (await import('./run.ts')).runFile(this.context, file, options, emit));
  }

  /** Runs variants of a pipeline file, or goes on with a sweep that was stopped. Fails only where it cannot begin: how its trials ended is told in the result and by the events. */
  sweep(file: string, options: SweepOptions = {}): Running<Outcome<SweepEnd>, SweepEvent> {
    return startRunning(async (emit) => (await import('./sweep.ts')).sweepFile(this.context, file, options, emit));
  }

  /** Lets others have the store alone. To be called when nothing of the project runs any more. */
  close(): void {
    this.context.close();
  }
}

/** Opens the project of a folder. Nothing is read before something is asked of it. */
export function openProject(options: ProjectOptions = {}): Project {
  return new Project(options);
}

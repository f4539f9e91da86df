import { expectTypeOf, test } from 'vitest';
import {
  type Event,
  openProject,
  type Outcome,
  type PipelinePlan,
  type ProblemCode,
  type Project,
  type Reproduction,
  type RunRecord,
  type RunResult,
  type SweepEnd,
  type SweepEvent,
} from 'stillroom/project';

const project = (): Project => openProject();

// These are checked by the compiler: nothing of them is called.
test('a run is a promise of its outcome and a loop over its events', () => {
  expectTypeOf<Project['run']>().returns.toExtend<PromiseLike<Outcome<RunResult>>>();
  expectTypeOf<Project['run']>().returns.toExtend<AsyncIterable<Event>>();
  expectTypeOf<Project['reproduce']>().returns.toExtend<PromiseLike<Outcome<Reproduction>>>();
  expectTypeOf<Project['sweep']>().returns.toExtend<PromiseLike<Outcome<SweepEnd>> & AsyncIterable<SweepEvent>>();
  expectTypeOf<PipelinePlan['run']>().returns.toExtend<AsyncIterable<Event>>();
});

test('a value is had only where the outcome was looked at', () => {
  const found = (): ReturnType<Project['records']['find']> => project().records.find('@latest');
  expectTypeOf<Awaited<ReturnType<typeof found>>>().not.toHaveProperty('value');
  expectTypeOf<Extract<Outcome<RunRecord>, { ok: true }>['value']>().toEqualTypeOf<RunRecord>();
  expectTypeOf<Extract<Outcome<RunRecord>, { ok: false }>['problems'][number]['code']>().toEqualTypeOf<ProblemCode>();
});

test('options are those that are documented, and may be given as undefined', () => {
  type Options = NonNullable<Parameters<Project['run']>[1]>;
  expectTypeOf<{ set: string[]; force: undefined; jobs: 2; signal: AbortSignal }>().toExtend<Options>();
  expectTypeOf<{ jobs: string }>().not.toExtend<Options>();
  expectTypeOf<keyof Options>().toEqualTypeOf<
    'set' | 'force' | 'refreshEnvironment' | 'remeasure' | 'only' | 'jobs' | 'noWait' | 'onEvent' | 'signal' | 'killSignal' | 'keepGoing'
  >();
});

import fs, { mkdtempSync, rmSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { makePlan } from '../../../../src/engine/plan.ts';
import { runPlan } from '../../../../src/engine/run.ts';
import { open } from '../../../../src/executors/slurm/executor.ts';
import type { Expected } from '../../../../src/model/event.ts';
import type { JsonObject } from '../../../../src/model/json.ts';
import type { Outcome } from '../../../../src/model/problem.ts';
import { openLocalStore } from '../../../../src/stores/local/store.ts';
import { only } from '../../fake.ts';
import { lowerBound, undelayed } from './bounds.ts';
import { logNormal } from './draws.ts';
import { type ClusterTraits, secondsOf } from './machines.ts';
import { PlayedSlurm } from './played-slurm.ts';
import { instancesOf, type Shape } from './shapes.ts';
import { SkippingClock } from './skipping-clock.ts';

/** What is simulated. */
export interface Simulated {
  readonly shape: Shape;
  readonly traits: ClusterTraits;
  /** Of the executor, as `stillroom.yaml` has them. */
  readonly settings: JsonObject & { readonly jobs: number };
  /** It is known from an earlier run what each node takes, more or less. */
  readonly isKnown?: boolean;
}

/** What came of it. Times are in seconds. */
export interface Simulation {
  readonly makespan: number;
  readonly lowerBound: number;
  /** The makespan of the same cluster under a coordinator that is never late. */
  readonly undelayed: number;
  /** How each node ended, by name. */
  readonly states: Readonly<Record<string, string>>;
  /** The nodes whose jobs came to their end. */
  readonly done: readonly string[];
  readonly executions: number;
  /** Jobs, and tasks of arrays. */
  readonly jobs: number;
  /** How often each command of Slurm was asked. */
  readonly asked: Readonly<Record<string, number>>;
  /** The most jobs that were in the queue at once. */
  readonly most: number;
  /** How often the content of a folder of an attempt was listed. */
  readonly looks: number;
  /** Processor seconds of planning, and of running, the played cluster's own included. */
  readonly processor: { readonly plan: number; readonly run: number };
  /** Bytes at the peak, the played cluster's own included, and before anything was planned. */
  readonly memory: { readonly peak: number; readonly before: number };
}

function opened<Value>(outcome: Outcome<Value>): Value {
  if (!outcome.ok) throw new Error(outcome.problems.map(({ message }) => message).join('\n'));
  return outcome.value;
}

/** By how much an execution differs from an earlier one: the standard deviation of the logarithm. */
const NOISE = 0.2;

function expectedOf({ shape, traits, isKnown = false }: Simulated): ReadonlyMap<string, Expected> {
  if (!isKnown) return new Map();
  return new Map(
    shape.map(({ name }) => {
      const seconds = logNormal({ median: secondsOf(name, traits), sigma: NOISE }, traits.seed, 'before', name);
      return [name, { seconds, least: seconds, most: seconds, known: 1, took: [seconds], of: 'same', bytes: 0 }];
    }),
  );
}

/** Plans and runs a graph in a real store by the real engine and the real executor, on a Slurm that is played. */
export async function simulate(asked: Simulated): Promise<Simulation> {
  const folder = mkdtempSync(join(tmpdir(), 'stillroom-simulation-'));
  const clock = new SkippingClock();
  const slurm = new PlayedSlurm(clock, asked.traits);
  const looks = new Looks();
  const ends = [clock.install(), slurm.install(), looks.install(join(folder, 'artifacts/scratch'))];
  try {
    return await clock.until(simulated(folder, asked, { clock, slurm, looks }));
  } finally {
    for (const end of ends) end();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Counts how often folders directly below another are listed. */
class Looks {
  count = 0;

  install(above: string): () => void {
    const { readdirSync } = fs;
    const counting = (path: unknown, ...rest: readonly never[]): unknown => {
      if (typeof path === 'string' && dirname(path) === above) this.count += 1;
      return (readdirSync as (...given: readonly unknown[]) => unknown)(path, ...rest);
    };
    Object.assign(fs, { readdirSync: counting });
    syncBuiltinESMExports();
    return () => {
      Object.assign(fs, { readdirSync });
      syncBuiltinESMExports();
    };
  }
}

const processorSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

async function simulated(
  folder: string,
  asked: Simulated,
  { clock, slurm, looks }: { readonly clock: SkippingClock; readonly slurm: PlayedSlurm; readonly looks: Looks },
): Promise<Simulation> {
  const { shape, traits, settings } = asked;
  const expected = expectedOf(asked);
  const [before, start] = [process.memoryUsage.rss(), processorSeconds()];
  const environment = { PATH: '', XDG_CACHE_HOME: join(folder, 'cache') };
  const executor = opened(await open({ name: 'cluster', settings, engines: {}, environment }));
  const store = opened(openLocalStore(join(folder, 'artifacts')));
  const surroundings = { root: folder, store, engines: [], executors: only(executor), environment };
  const pipeline = { name: 'simulated', file: '', root: folder, params: {}, sources: {}, instances: instancesOf(shape), show: [] };
  const plan = opened(await makePlan({ pipeline, surroundings, forced: new Set(), only: undefined }));
  const [planned, began] = [processorSeconds(), clock.now()];
  const { record } = await runPlan(plan, {
    id: 'run-1',
    shownFile: 'pipeline.yaml',
    set: [],
    capacity: executor.capacity,
    publish: false,
    keepGoing: true,
    expected,
    watchers: [],
    stop: { asked: new AbortController().signal, forced: new AbortController().signal },
  });
  const makespan = (clock.now() - began) / 1000;
  return {
    makespan,
    lowerBound: lowerBound(shape, traits),
    undelayed: undelayed(shape, traits, { jobs: settings.jobs, expected }),
    states: Object.fromEntries(Object.entries(record.nodes).map(([name, { state }]) => [name, state])),
    done: slurm.done,
    executions: slurm.executions,
    jobs: slurm.jobs,
    asked: slurm.asked,
    most: slurm.most,
    looks: looks.count,
    processor: { plan: planned - start, run: processorSeconds() - planned },
    memory: { peak: process.resourceUsage().maxRSS * 1024, before },
  };
}

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Prepared, Surroundings } from '../../src/engine/fingerprint.ts';
import { makePlan, type Plan } from '../../src/engine/plan.ts';
import { type RunEnd, runPlan } from '../../src/engine/run.ts';
import type { Engine, EngineUse } from '../../src/model/engine.ts';
import type { Executor } from '../../src/model/executor.ts';
import { stageWith } from './plans.ts';
import type { JobSpecification } from '../../src/model/job.ts';
import { done, type Outcome } from '../../src/model/problem.ts';
import type { RunRecord } from '../../src/model/run.ts';
import { openLocalStore } from '../../src/stores/local/store.ts';
import { FakeExecutor, only } from '../executors/fake.ts';
import { emptyFolder } from '../folders.ts';

const facts = { version: '1.0', device: 'cpu' as const };

/** An engine whose children are told their threads. */
const engine = (variables: (threads: number) => Record<string, string> = (threads) => ({ FAKE_THREADS: String(threads) })): Engine => ({
  name: 'fake',
  package: 'fake-engine',
  trial: '',
  remedy: () => 'set it up: npm run set-up-fake',
  facts: () => facts,
  use: (threads, known) => ({ ...known, device: 'cpu', environment: variables(threads) }),
});

/** A project in which one stage reaches the package `fake-engine` and another does not. */
class Project {
  readonly store = unwrap(openLocalStore(join(emptyFolder(), 'artifacts')));
  readonly given: JobSpecification[] = [];
  /** Of an executor that has machines of its own. */
  setUp: Executor['setUp'];
  private runs = 0;

  private surroundings(engines: readonly Engine[], known: Record<string, typeof facts>): Surroundings {
    const folder = join(emptyFolder(), 'node_modules/fake-engine');
    mkdirSync(folder, { recursive: true });
    const executor = new FakeExecutor(
      ({ specification, write }) => {
        this.given.push(specification);
        write('out', specification.node);
        return {};
      },
      { facts: { engines: known } },
    );
    return {
      root: '/',
      store: this.store,
      engines,
      executors: only(this.setUp === undefined ? executor : Object.assign(executor, { setUp: this.setUp })),
      environment: { PATH: '/bin' },
      codeOf: ({ name }) =>
        done({
          digest: this.store.artifacts.add(Buffer.from(`// ${name}`)),
          packages: name === 'train' ? { 'fake-engine': { version: '1.0', integrity: 'i' } } : {},
          packageFolders: name === 'train' ? { 'fake-engine': folder } : {},
        }),
    };
  }

  async plan(engines: readonly Engine[], known: Record<string, typeof facts> = { fake: facts }, cpu = 2): Promise<Outcome<Plan>> {
    const instances = [stageWith('train', { cpu }), stageWith('other', { cpu })];
    const pipeline = { name: 'demo', file: '/demo.yaml', root: '/', params: {}, sources: {}, instances, show: [] };
    return makePlan({ pipeline, surroundings: this.surroundings(engines, known), forced: new Set(), only: undefined });
  }

  run(plan: Plan): Promise<RunEnd> {
    this.runs += 1;
    return runPlan(plan, {
      id: `run-${this.runs}`,
      shownFile: 'demo.yaml',
      set: [],
      capacity: plan.executor.capacity,
      keepGoing: false,
      watchers: [],
      stop: { asked: new AbortController().signal, forced: new AbortController().signal },
    });
  }
}

function unwrap<Value>(outcome: Outcome<Value>): Value {
  if (!outcome.ok) throw new Error(outcome.problems[0]?.message);
  return outcome.value;
}

const executed = ({ nodes }: RunRecord): string[] => Object.keys(nodes).filter((name) => nodes[name]?.state === 'executed');

describe('an engine that a stage reaches', () => {
  test("gives the stage's process just the variables that its fingerprint holds, and others none", async () => {
    const project = new Project();
    const { record } = await project.run(unwrap(await project.plan([engine()])));
    expect(executed(record)).toEqual(['train', 'other']);
    for (const { node, env } of project.given) {
      const { PATH, ...variables } = env;
      const hashed = project.store.results.read(record.nodes[node]?.fingerprint ?? '')?.ingredients.engines as Record<string, EngineUse>;
      expect(PATH).toBe('/bin');
      expect(variables).toEqual(Object.assign({}, ...Object.values(hashed).map(({ environment }) => environment)));
      expect(variables).toEqual(node === 'train' ? { FAKE_THREADS: '2' } : {});
    }
  });

  test('reruns the stage, and says why, when it gives other variables for the same threads', async () => {
    const project = new Project();
    await project.run(unwrap(await project.plan([engine()])));
    const plan = unwrap(await project.plan([engine((threads) => ({ FAKE_THREADS: String(threads + 1) }))]));
    expect([...plan.nodes.values()].map(({ action }) => action)).toEqual(['run', 'reuse']);
    expect(plan.nodes.get('train')?.cause).toBe('engine fake FAKE_THREADS changed: 2 → 3');
    expect(executed((await project.run(plan)).record)).toEqual(['train']);
  });

  test('reruns the stage when its facts are others, told by the executor', async () => {
    const project = new Project();
    await project.run(unwrap(await project.plan([engine()])));
    const plan = unwrap(await project.plan([engine()], { fake: { ...facts, version: '1.1' } }));
    expect(plan.nodes.get('train')?.cause).toBe('engine fake version changed: 1.0 → 1.1');
    expect(plan.nodes.get('other')?.action).toBe('reuse');
    const { record } = await project.run(plan);
    expect(record.facts).toMatchObject({ engines: { fake: { version: '1.1', device: 'cpu' } } });
  });

  test('that is not set up where the node would be executed is named', async () => {
    const plan = await new Project().plan([engine()], {});
    const problem = { kind: 'stage', code: 'engine-missing', message: 'train needs the engine fake, which is not set up' };
    expect(plan).toMatchObject({ ok: false, problems: [{ ...problem, hint: 'set it up: npm run set-up-fake' }] });
  });

  test('that the machines of an executor lack is set up there', async () => {
    const remedy = (node: string, executor?: string): string => `set it up for ${node} on ${executor ?? 'this machine'}`;
    const project = new Project();
    project.setUp = () => Promise.resolve(done(undefined));
    const message = 'train needs the engine fake, which is not set up, or does not work, on the machines of fake';
    expect(await project.plan([{ ...engine(), remedy }], {})).toMatchObject({
      problems: [{ message, hint: 'set it up for train on fake' }],
    });
  });

  test('counts nothing for a stage that does not reach its package', async () => {
    const own = async (engines: readonly Engine[]): Promise<Prepared['own'] | undefined> =>
      unwrap(await new Project().plan(engines)).nodes.get('other')?.prepared.own;
    expect(await own([engine()])).toEqual(await own([]));
  });
});

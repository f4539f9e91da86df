import { describe, expect, test } from 'vitest';
import { planReproduction, recordedInstances } from '../../src/engine/reproduction.ts';
import { sourceOf } from '../../src/engine/recipe.ts';
import type { Executor } from '../../src/model/executor.ts';
import type { Instance } from '../../src/model/pipeline.ts';
import type { RunRecord } from '../../src/model/run.ts';
import { only } from '../executors/fake.ts';
import { MemoryProject } from './memory-store.ts';
import { executor, instanceOf } from './plans.ts';

const train = instanceOf('train', {
  params: { lr: 1 },
  env: [
    { name: 'GREETING', value: 'hello', secret: false },
    { name: 'TOKEN', secret: true },
  ],
  metrics: { accuracy: { goal: 'maximize', tolerance: 0.1 } },
  timeout: 60,
  retries: 2,
});
const report = instanceOf('report', { after: ['train'] });

/** The record of a run of two nodes. */
async function recorded(): Promise<{ readonly project: MemoryProject; readonly record: RunRecord }> {
  const project = new MemoryProject();
  project.environment = { PATH: '', TOKEN: 'hush-hush' };
  const plan = await project.plan([train, report]);
  if (!plan.ok) throw new Error(plan.problems[0]?.message);
  return { project, record: await project.runPlan(plan.value) };
}

async function planned(facts: Executor['facts'], change: (record: RunRecord) => RunRecord = (record) => record) {
  const { project, record } = await recorded();
  const changed = change(record);
  const instances = recordedInstances(changed);
  if (!instances.ok) throw new Error(instances.problems[0]?.message);
  const surroundings = { ...project.surroundings, executors: only({ ...executor, facts }) };
  return planReproduction(changed, instances.value, new Map(), surroundings);
}

describe('a record', () => {
  test('holds all that its nodes were, but no values of secrets', async () => {
    const { record } = await recorded();
    const instances = recordedInstances(record);
    const [first, second] = instances.ok ? instances.value : [];
    expect(first).toEqual(train);
    expect(second).toEqual(report);
    expect(JSON.stringify(record)).not.toContain('hush-hush');
  });

  test('of an earlier Stillroom that does not say how a node was done cannot be reproduced', async () => {
    const { record } = await recorded();
    const { recipe: _, ...old } = record.nodes['train'] as RunRecord['nodes'][string];
    const outcome = recordedInstances({ ...record, nodes: { train: old } });
    expect(outcome).toMatchObject({ ok: false, problems: [{ code: 'record-too-old' }] });
  });

  test('names a source relative to the project where it lay below it', () => {
    expect(sourceOf('images', { digest: '', kept: false, path: 'data' }, '/project').path).toBe('/project/data');
    expect(sourceOf('images', { digest: '', kept: false, path: '/data' }, '/project').path).toBe('/data');
  });
});

describe('a reproduction', () => {
  const facts = { platform: 'here', machine: { cpu: 'fast' }, engines: { tensorflow: { version: '2.21', device: 'cpu' } } };
  const withFacts = (of: RunRecord['facts']) => (record: RunRecord) => ({ ...record, facts: of });

  test('executes every node of the record, with the params and the wiring that it had', async () => {
    const outcome = await planned(facts);
    const plan = outcome.ok ? outcome.value.plan : undefined;
    expect([...(plan?.nodes.values() ?? [])].map(({ action }) => action)).toEqual(['run', 'run']);
    expect(plan?.request.pipeline.instances.map(({ params }: Instance) => params)).toEqual([{ lr: 1 }, {}]);
  });

  test.each<[string, RunRecord['facts']]>([
    ['a record of now', { ...facts, engines: { tensorflow: { version: '2.20', device: 'cpu' } } }],
    ['a record of format 1', { platform: 'here', machine: { cpu: 'fast' }, tensorflow: { version: '2.20', device: 'cpu' } }],
  ])('tells the facts that are otherwise than in %s', async (_, of) => {
    const outcome = await planned(facts, withFacts(of));
    expect(outcome.ok && outcome.value.differences).toEqual([{ what: 'engine tensorflow version', recorded: '2.20', now: '2.21' }]);
  });

  test('tells of what is not there now, or was not then', async () => {
    const outcome = await planned(
      { ...facts, engines: {} },
      withFacts({ platform: 'there', machine: {}, tensorflow: { version: '2.20' } }),
    );
    expect(outcome.ok && outcome.value.differences).toEqual([
      { what: 'platform', recorded: 'there', now: 'here' },
      { what: 'engine tensorflow version', recorded: '2.20', now: 'none' },
      { what: 'machine cpu', recorded: 'none', now: 'fast' },
    ]);
  });
});

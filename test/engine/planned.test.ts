import { describe, expect, test } from 'vitest';
import { makePlan, type NodePlan, type Plan, plannedNodes } from '../../src/engine/plan.ts';
import { digestOf } from '../../src/model/canonical.ts';
import type { Executors } from '../../src/model/executor.ts';
import type { Instance } from '../../src/model/pipeline.ts';
import { failed, type Outcome } from '../../src/model/problem.ts';
import { MemoryProject } from './memory-store.ts';
import { attemptOf, executor, instanceOf } from './plans.ts';

function value(plan: Outcome<Plan>): Plan {
  if (!plan.ok) throw new Error(plan.problems[0]?.message);
  return plan.value;
}

/** What a plan holds of one node. */
function nodeOf(plan: Plan, name: string): NodePlan {
  const node = plan.nodes.get(name);
  if (node === undefined) throw new Error(`no ${name} is planned`);
  return node;
}

const reading = (name: string, source: string, after: readonly string[] = []): Instance => {
  const instance = instanceOf(name, { after });
  return {
    ...instance,
    inputs: [...instance.inputs, { port: 'images', many: false, elements: [{ key: {}, origin: { kind: 'source', source } }] }],
  };
};

const a = (lr = 1): Instance => instanceOf('a', { params: { lr } });
const b = instanceOf('b', { after: ['a'] });

describe('a planned node', () => {
  test('that is reused holds its result; nothing of it differs', async () => {
    const project = new MemoryProject();
    await project.run([a()]);
    const [[fingerprint] = []] = project.results;
    const { prepared, ...rest } = nodeOf(value(await project.plan([a()])), 'a');
    expect(prepared.instance).toEqual(a());
    const settled = { instance: a(), fingerprint, attempt: project.results.get(fingerprint ?? '')?.attempts[0] };
    expect(rest).toEqual({ action: 'reuse', cause: 'nothing that counts has changed', differences: [], settled });
  });

  test('that runs says what differs; one that waits, that its cause is told when it starts', async () => {
    const project = new MemoryProject();
    await project.run([a(1), b]);
    const plan = value(await project.plan([a(2), b]));
    expect(nodeOf(plan, 'a')).toMatchObject({ action: 'run', settled: undefined, differences: [expect.anything()] });
    expect(nodeOf(plan, 'a').waits).toBeUndefined();
    expect(nodeOf(plan, 'b')).toMatchObject({ action: 'maybe', waits: true, settled: undefined, differences: [] });
  });

  test.each([
    [['a'], 'waits for what a will give'],
    [['a', 'x'], 'waits for what a and x will give'],
    [['a', 'x', 'y'], 'waits for what a and 2 others will give'],
  ])('that waits for %j names them', async (after, cause) => {
    const project = new MemoryProject();
    const nodes = (lr: number) => [...['a', 'x', 'y'].map((name) => instanceOf(name, { params: { lr } })), instanceOf('b', { after })];
    await project.run(nodes(1));
    expect(nodeOf(value(await project.plan(nodes(2))), 'b').cause).toBe(cause);
  });

  test('may be reused where one of the earlier results has the inputs that are known; otherwise it runs', async () => {
    const project = new MemoryProject();
    const nodes = (lr: number): Instance[] => [a(lr), reading('b', '/images', ['a'])];
    for (const content of ['cats', 'dogs']) {
      project.files.set('/images', content);
      await project.run(nodes(1));
    }
    expect(nodeOf(value(await project.plan(nodes(2))), 'b').action).toBe('maybe');
    project.files.set('/images', 'birds');
    const node = nodeOf(value(await project.plan(nodes(2))), 'b');
    expect(node).toMatchObject({ action: 'run', cause: expect.stringContaining('input images changed'), differences: [expect.anything()] });
    expect(node.waits).toBeUndefined();
  });

  test('is sure to run where no result of its work is to be found; why is told when it starts', async () => {
    const project = new MemoryProject();
    await project.run([a(1), b]);
    Object.assign(project.store.results, { ofWork: () => [] });
    const node = nodeOf(value(await project.plan([a(2), b])), 'b');
    const cause = 'waits for what a will give; no result of this work exists';
    expect(node).toMatchObject({ action: 'run', cause, waits: true, settled: undefined, differences: [] });
  });

  test('whose result lost more than one output names them all', async () => {
    const project = new MemoryProject();
    await project.run([a()]);
    const damage = { out: 'missing', log: 'damaged' } as const;
    Object.assign(project.store.artifacts, { broken: () => Object.entries(damage).map(([port, how]) => ({ port, damage: how })) });
    const { cause, action } = nodeOf(value(await project.plan([a()])), 'a');
    expect([action, cause]).toEqual(['run', 'its result is no longer whole: out is missing, log is damaged']);
  });

  test('is shown with its action, its cause and what it comes after', async () => {
    const project = new MemoryProject();
    await project.run([a()]);
    const takes = { executor: 'fake', cpu: 1, gpu: 0, memory: 0, alone: false };
    expect(plannedNodes(value(await project.plan([a(), b])))).toEqual([
      { node: 'a', action: 'reuse', cause: 'nothing that counts has changed', after: [] },
      { node: 'b', action: 'run', cause: 'it has not run before', after: ['a'], takes },
    ]);
  });
});

describe('a plan', () => {
  test('holds its executor and how its sources stand: those that are needed, and no others', async () => {
    const project = new MemoryProject();
    project.files.set('/images', 'cats');
    const nodes = [reading('a', '/images'), reading('b', '/missing')];
    const plan = value(await project.plan(nodes, { only: ['a'] }));
    expect(plan.executor).toBe(executor);
    expect([...plan.snapshots]).toEqual([['/images', { kind: 'file', digest: digestOf('cats'), size: 4, suffix: '.txt' }]]);
    expect([...plan.nodes.keys()]).toEqual(['a']);
    expect(plan.history.of('a')).toEqual({ last: undefined, result: undefined });
  });

  test('names all problems at once: of its sources and of each node', async () => {
    const project = new MemoryProject();
    const without = (name: string): Instance => instanceOf(name, { env: [{ name: `NO_${name}`, secret: false }] });
    const plan = await project.plan([reading('a', '/missing'), without('b'), instanceOf('c', { after: ['b'] }), without('d')]);
    const problems = ['missing-source', 'missing-variable', 'missing-variable'].map((code) => ({ code }));
    expect(plan).toMatchObject({ ok: false, problems });
  });

  test('is refused where there is nothing to execute on', async () => {
    const problem = { kind: 'usage', code: 'unknown-executor', message: 'no' } as const;
    const executors: Executors = { names: [], get: async () => failed(problem) };
    const { surroundings } = new MemoryProject();
    const pipeline = { name: 'demo', file: '/demo.yaml', root: '/', params: {}, sources: {}, instances: [], show: [] };
    const request = { pipeline, surroundings: { ...surroundings, executors }, forced: new Set<string>(), only: undefined };
    expect(await makePlan(request)).toEqual({ ok: false, problems: [problem] });
  });

  test('reuses downstream of what is reused with the bytes that it gave', async () => {
    const project = new MemoryProject();
    await project.run([a(), b]);
    const plan = value(await project.plan([a(), b]));
    expect(nodeOf(plan, 'a').settled?.attempt.outputs).toEqual(attemptOf('a', JSON.stringify(['a', {}])).outputs);
    expect(nodeOf(plan, 'b').action).toBe('reuse');
  });
});

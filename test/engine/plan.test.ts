import { describe, expect, test } from 'vitest';
import type { Instance } from '../../src/model/pipeline.ts';
import { MemoryProject, told } from './memory-store.ts';
import { attemptOf, instanceOf } from './plans.ts';

/** A node that reads a source. */
const reader = (name: string, path: string): Instance => ({
  ...instanceOf(name),
  inputs: [{ port: 'images', many: false, elements: [{ key: {}, origin: { kind: 'source', source: path } }] }],
});

const a = (params = {}): Instance => instanceOf('a', { params });
const b = (params = {}): Instance => instanceOf('b', { after: ['a'], params });
const c = instanceOf('c', { after: ['b'] });
const same = ['reuse', 'nothing that counts has changed'];

/** A project in which these instances have run. */
async function projectAfter(...instances: readonly Instance[]): Promise<MemoryProject> {
  const project = new MemoryProject();
  await project.run(instances);
  return project;
}

describe('a plan', () => {
  test('runs everything where nothing has run before', async () => {
    expect(await told(new MemoryProject(), [a(), b()])).toEqual({
      a: ['run', 'it has not run before'],
      b: ['run', 'it has not run before'],
    });
  });

  test('reuses everything where nothing has changed', async () => {
    expect(await told(await projectAfter(a(), b(), c), [a(), b(), c])).toEqual({ a: same, b: same, c: same });
  });

  test('names what changed, and waits with what is downstream of it', async () => {
    const plan = await told(await projectAfter(a({ lr: 1 }), b(), c), [a({ lr: 2 }), b(), c]);
    expect(plan).toEqual({
      a: ['run', 'param lr changed: 1 → 2'],
      b: ['maybe', 'waits for what a will give'],
      c: ['maybe', 'waits for what b will give'],
    });
  });

  test('is sure to run a node downstream that changed itself', async () => {
    const plan = await told(await projectAfter(a({ lr: 1 }), b({ size: 1 })), [a({ lr: 2 }), b({ size: 2 })]);
    expect(plan['b']).toEqual(['run', 'param size changed: 1 → 2']);
  });

  test('of a value set back to an old one promises no run', async () => {
    const project = await projectAfter(a({ lr: 1 }), b({ size: 1 }));
    await project.run([a({ lr: 2 }), b({ size: 2 })]);
    const plan = await told(project, [a({ lr: 3 }), b({ size: 1 })]);
    expect(plan['b']?.[0]).toBe('maybe');
  });

  test('runs what is forced although its result is there; what is downstream may be reused', async () => {
    const project = await projectAfter(a(), b());
    const forced = ['run', 'forced with --force'];
    expect(await told(project, [a(), b()], { force: ['a'] })).toEqual({ a: forced, b: ['maybe', 'waits for what a will give'] });
    expect(await told(project, [a(), b()], { force: ['a', 'b'] })).toEqual({ a: forced, b: forced });
  });

  test('measures again what measures, where that is asked', async () => {
    const measuring = { ...a(), measures: true };
    const project = await projectAfter(measuring, b());
    const again = ['run', 'measured again, as --remeasure says'];
    expect(await told(project, [measuring, b()], { force: ['a'], remeasure: true })).toMatchObject({ a: again });
    expect(await told(project, [measuring, b()], { force: ['a', 'b'], remeasure: true })).toEqual({
      a: again,
      b: ['run', 'forced with --force'],
    });
  });

  test('runs what has lost its bytes, and says which', async () => {
    const project = await projectAfter(a({ writes: 'x' }), b());
    project.damaged.add(attemptOf('a', 'x').outputs['out']?.digest ?? '');
    const plan = await told(project, [a({ writes: 'x' }), b()]);
    expect(plan).toEqual({ a: ['run', 'its result is no longer whole: out is damaged'], b: ['maybe', 'waits for what a will give'] });
  });

  test('runs what failed, or whose result is gone', async () => {
    const project = new MemoryProject();
    await project.run([a(), b()], { failing: ['a'] });
    expect(await told(project, [a(), b()])).toEqual({ a: ['run', 'it failed last time'], b: ['run', 'it has not run before'] });
    await project.run([a(), b()]);
    project.results.clear();
    expect((await told(project, [a()]))['a']).toEqual(['run', 'its earlier result is gone from the store']);
  });

  test('holds only what is asked for, with all that it needs', async () => {
    expect(Object.keys(await told(new MemoryProject(), [a(), b(), c, instanceOf('d')], { only: ['b'] }))).toEqual(['a', 'b']);
  });

  test('names a source whose content changed, and refuses one that is missing', async () => {
    const project = new MemoryProject();
    project.files.set('/images', 'cats');
    await project.run([reader('a', '/images')]);
    expect((await told(project, [reader('a', '/images')]))['a']).toEqual(same);
    project.files.set('/images', 'dogs');
    expect((await told(project, [reader('a', '/images')]))['a']?.[1]).toMatch(/^input images changed: [0-9a-f]{12} → [0-9a-f]{12}$/);
    project.files.delete('/images');
    expect(await project.plan([reader('a', '/images')])).toMatchObject({ ok: false, problems: [{ code: 'missing-source' }] });
  });
});

describe('a run after a plan', () => {
  test('reuses a node whose inputs came out as before, and all that is downstream', async () => {
    const project = await projectAfter(a({ lr: 1, writes: 'x' }), b(), c);
    expect(await project.run([a({ lr: 2, writes: 'x' }), b(), c])).toEqual({ a: 'executed', b: 'reused', c: 'reused' });
    expect(await project.run([a({ lr: 2, writes: 'y' }), b(), c])).toEqual({ a: 'executed', b: 'executed', c: 'executed' });
  });

  test('says of a producer that is not deterministic that it is', async () => {
    const project = await projectAfter(a({ writes: 'x' }), b());
    const [fingerprint = '', result] = [...project.results].find(([, { attempts }]) => attempts[0].node === 'a') ?? [];
    if (result !== undefined) project.results.set(fingerprint, { ...result, attempts: [attemptOf('a', 'z'), ...result.attempts] });
    const cause = (await told(project, [a({ writes: 'x' }), b()]))['b']?.[1];
    expect(cause).toContain('input a changed');
    expect(cause).toContain('a is not deterministic: the same work gave other bytes');
  });
});

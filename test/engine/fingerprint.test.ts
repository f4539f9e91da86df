import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Bundler, CodeRequest } from '../../src/code/bundler.ts';
import { Found, endsByBudget, prepare, type Prepared, readyWork, type Surroundings } from '../../src/engine/fingerprint.ts';
import { sha256 } from '../../src/model/canonical.ts';
import type { Declaration } from '../../src/model/declaration.ts';
import { fingerprintOf, isSameInput, workDigestOf } from '../../src/model/fingerprint.ts';
import type { Engine } from '../../src/model/engine.ts';
import type { Instance } from '../../src/model/pipeline.ts';
import { done, failed, type Outcome } from '../../src/model/problem.ts';
import type { Ingredients } from '../../src/model/result.ts';
import { RECORD_FORMAT } from '../../src/model/run.ts';
import type { Store } from '../../src/model/store.ts';
import { localStore } from '../../src/stores/local/store.ts';
import { FakeExecutor, only } from '../executors/fake.ts';
import { emptyFolder, write } from '../folders.ts';
import { instanceOf, stageWith } from './plans.ts';

const machine = { processor: 'this one' };
const executor = new FakeExecutor(() => ({}), { facts: { platform: 'here', machine } });
const packages = { native: { version: '1.0', integrity: 'i' } };

function preparing(instance: Instance, more: Partial<Surroundings> = {}): Promise<Outcome<Prepared>> {
  return prepare(instance, {
    root: '/',
    store: {} as Store,
    engines: [],
    executors: only(executor),
    environment: {},
    codeOf: () => done({ digest: 'c0de', packages, packageFolders: {} }),
    ...more,
  });
}

async function prepared(instance: Instance, more: Partial<Surroundings> = {}): Promise<Prepared> {
  const outcome = await preparing(instance, more);
  if (!outcome.ok) throw new Error(outcome.problems[0]?.message);
  return outcome.value;
}

/** A stage, with what its declaration says beside the usual. */
function declared(more: Partial<Declaration>, options: Parameters<typeof stageWith>[1] = {}): Instance {
  const instance = stageWith('train', options);
  if (instance.work.kind !== 'stage') throw new Error('no stage');
  return { ...instance, work: { ...instance.work, declaration: { ...instance.work.declaration, ...more } } };
}

const params = { epochs: { schema: {}, budget: true }, lr: { schema: {} } } as unknown as Declaration['params'];
const inputs: Ingredients['inputs'] = { images: { many: false, elements: [{ key: {}, content: 'a'.repeat(64), suffix: '.txt' }] } };

describe('the ingredients', () => {
  test('of a command are what it says, its tools, and the variables that are no secrets', async () => {
    const tools = emptyFolder();
    write(tools, { tool: '#!/bin/sh\n' });
    chmodSync(join(tools, 'tool'), 0o755);
    const instance: Instance = {
      ...instanceOf('a', { params: { lr: 1 }, cpu: 3 }),
      work: { kind: 'command', run: 'make a', tools: [{ program: 'tool' }], paths: { out: 'out.txt' }, metrics: 'm.json' },
      inputs: [
        { port: 'images', many: false, at: 'here.txt', elements: [] },
        { port: 'labels', many: false, elements: [] },
      ],
      env: [
        { name: 'SET', secret: false },
        { name: 'GIVEN', value: 'given', secret: false },
        { name: 'TOKEN', secret: true },
      ],
    };
    const environment = { PATH: tools, SET: 'set', GIVEN: 'other', TOKEN: 'secret', REST: 'rest' };
    const { own, code, ...rest } = await prepared(instance, { environment });
    expect(own).toEqual({
      format: RECORD_FORMAT,
      stageApi: 1,
      work: { kind: 'command', run: 'make a', tools: { tool: sha256('#!/bin/sh\n') }, at: { images: 'here.txt' }, metrics: 'm.json' },
      params: { lr: 1 },
      outputs: { out: 'file out.txt' },
      env: { SET: 'set', GIVEN: 'given' },
      cpu: 3,
      platform: null,
      engines: {},
      machine: null,
    });
    expect([code, rest]).toEqual([undefined, { instance, executor }]);
    const engine: Engine = {
      name: 'fake',
      package: 'native',
      trial: '',
      remedy: () => '',
      facts: () => undefined,
      use: () => ({}) as never,
    };
    const { own: plain } = await prepared(instanceOf('a'), { engines: [engine] });
    expect(plain).toMatchObject({ work: { at: {}, metrics: null }, env: {}, engines: {} });
    expect(workDigestOf(plain)).not.toBe(workDigestOf(own));
  });

  test('of a stage are its code, its packages and its platform; the machine where it measures', async () => {
    const { own, code } = await prepared(stageWith('train'));
    expect(own).toMatchObject({ work: { kind: 'stage', code: 'c0de', packages }, outputs: { out: 'file.txt' }, platform: 'here' });
    expect([own.machine, own.work, code?.digest]).toEqual([null, { kind: 'stage', code: 'c0de', packages }, 'c0de']);
    expect((await prepared(stageWith('train', { measures: true }))).own.machine).toEqual(machine);
    expect((await prepared(declared({ network: true }))).own.work).toMatchObject({ network: true });
  });

  test('hold the code that its own sources are bundled to, with the modules that its params chose', async () => {
    const asked: CodeRequest[] = [];
    const refusal = { kind: 'stage', code: 'bundle-failed', message: 'no' } as unknown as Parameters<typeof failed>[0];
    const bundler: Bundler = {
      version: '1',
      settings: '',
      bundle: async (request) => {
        asked.push(request);
        return failed(refusal);
      },
    };
    const store = localStore(join(emptyFolder(), 'artifacts'));
    expect(await preparing(stageWith('train'), { root: '/project', store, bundler, codeOf: undefined as never })).toEqual(failed(refusal));
    expect(asked).toEqual([{ folder: '/stages/train', entry: './run.ts', modules: {}, root: '/project' }]);
  });

  test('look at a tool once a plan', async () => {
    const tools = emptyFolder();
    write(tools, { tool: 'one' });
    chmodSync(join(tools, 'tool'), 0o755);
    const command = instanceOf('a');
    const instance: Instance = { ...command, work: { kind: 'command', run: 'a', tools: [{ program: 'tool' }], paths: { out: 'out.txt' } } };
    const known = new Found();
    const { own } = await prepared(instance, { environment: { PATH: tools }, found: known });
    write(tools, { tool: 'two' });
    expect((await prepared(instance, { environment: { PATH: tools }, found: known })).own).toEqual(own);
    expect((await prepared(instance, { environment: { PATH: tools } })).own).not.toEqual(own);
  });

  test('are shared by instances of one plan where they are the same, and only there', async () => {
    const one = instanceOf('a', { env: [{ name: 'SET', secret: false }] });
    const found = new Found();
    const more = { environment: { SET: 'set' }, found };
    const first = (await prepared(one, more)).own;
    const second = (await prepared({ ...one, params: { k: 2 } }, more)).own;
    expect([second.work === first.work, second.outputs === first.outputs, second.env === first.env]).toEqual([true, true, true]);
    for (const other of [
      { ...one, env: [{ name: 'SET', value: 'other', secret: false }] },
      { ...one, inputs: [{ port: 'in', many: false, at: 'here', elements: [] }] },
      { ...one, outputs: { out: { kind: 'dir' as const, suffix: '', measured: false } } },
    ])
      expect((await prepared(other, more)).own).toEqual((await prepared(other, { environment: more.environment })).own);
    expect((await prepared(one, { environment: { SET: 'later' }, found: new Found() })).own.env).toEqual({ SET: 'later' });
  });
});

describe('an instance cannot be prepared', () => {
  test('whose executor is not known', async () => {
    expect(await preparing({ ...instanceOf('a'), executor: 'far' })).toMatchObject({ ok: false, problems: [{ code: 'unknown-executor' }] });
  });

  test('whose tool is missing', async () => {
    const command = instanceOf('a');
    const instance: Instance = { ...command, work: { kind: 'command', run: 'a', tools: [{ program: 'none' }], paths: { out: 'out.txt' } } };
    expect(await preparing(instance)).toMatchObject({ ok: false, problems: [{ code: 'missing-tool' }] });
  });

  test.each([false, true])('that declares a variable which nobody sets, which is named (secret: %s)', async (secret) => {
    const instance = instanceOf('a', {
      env: [
        { name: 'SET', secret },
        { name: 'UNSET', secret },
      ],
    });
    const problem = {
      kind: 'pipeline',
      code: 'missing-variable',
      message: 'a declares the environment variable UNSET, which is not set',
      pointer: '/stages/a/env',
      hint: secret ? 'set it before the command: export UNSET=VALUE' : expect.stringContaining('export UNSET=VALUE; or give it a value'),
    };
    expect(await preparing(instance, { environment: { SET: '' } })).toEqual({ ok: false, problems: [problem] });
    expect(await preparing(instance, { environment: { SET: '', UNSET: '' } })).toMatchObject({ ok: true });
    const given = instanceOf('a', { env: [{ name: 'UNSET', value: '', secret }] });
    expect(await preparing(given)).toMatchObject({ ok: true });
  });
});

describe('checkpoints', () => {
  test('are shared by works that differ in how far they go, and by no others', async () => {
    const work = async (values: Instance['params']) => readyWork(await prepared(declared({ params }, { params: values })), inputs);
    const [short, long, ...others] = await Promise.all(
      [
        { epochs: 1, lr: 1 },
        { epochs: 9, lr: 1 },
        { epochs: 1, lr: 2 },
      ].map(work),
    );
    expect(short?.ingredients).toMatchObject({ params: { epochs: 1, lr: 1 }, inputs });
    expect(short?.fingerprint).toBe(fingerprintOf(short?.ingredients as Ingredients));
    expect(short?.fingerprint).not.toBe(long?.fingerprint);
    expect(short?.work).toBe(long?.work);
    for (const other of others) expect(short?.work).not.toBe(other.work);
    expect(short?.work).toBe(fingerprintOf({ ...(short?.ingredients as Ingredients), params: { lr: 1 } }));
  });

  test('of a command are its own', async () => {
    const { fingerprint, work } = readyWork(await prepared(instanceOf('a', { params: { epochs: 1 } })), inputs);
    expect(work).toBe(fingerprint);
  });

  test('are gone on from only where work ends by a budget; 0 is none', () => {
    const given = [{ epochs: 3 }, { epochs: 0 }, {}].map((values) => declared({ params }, { params: values }));
    const without = declared({ params: { lr: params['lr'] as never } }, { params: { epochs: 3 } });
    expect([...given, without, instanceOf('a')].map(endsByBudget)).toEqual([true, false, false, false, false]);
  });
});

test('an input is the same where its content, suffix, bit and keys are, and those in the same order', () => {
  const of = (key: object, more: object = {}): Ingredients['inputs'][string] =>
    ({ many: true, elements: [{ key, content: 'a', suffix: '', ...more }] }) as Ingredients['inputs'][string];
  expect(isSameInput(of({ a: 1, b: 2 }), of({ a: 1, b: 2 }))).toBe(true);
  expect(isSameInput(of({ a: { x: 1, y: 2 } }), of({ a: { y: 2, x: 1 } }))).toBe(false);
  expect(isSameInput(of({}), of({}, { executable: true }))).toBe(false);
  expect(isSameInput(of({}), { ...of({}), many: false })).toBe(false);
  expect(isSameInput(undefined, of({}))).toBe(false);
});

import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { open } from '../../../src/executors/ray/executor.ts';
import type { JsonObject } from '../../../src/model/json.ts';
import { emptyFolder, stillroom, write } from '../../rig.ts';
import { FakeRay } from './fake-ray.ts';

vi.setConfig({ testTimeout: 60_000 });

let ray: FakeRay;

beforeEach(async () => {
  ray = await new FakeRay(emptyFolder()).start();
});
afterEach(() => ray.end());

interface Opening {
  readonly settings?: JsonObject;
  readonly environment?: Readonly<Record<string, string>>;
}

const says = (message: string, hint: string) => ({
  kind: 'usage',
  code: 'cluster-refused',
  message: expect.stringContaining(message) as string,
  hint: expect.stringContaining(hint) as string,
});

describe('an executor that cannot be opened says why', () => {
  /** What is wrong with one whose place was not looked at before. */
  const problem = async ({ settings = { address: ray.address }, environment = {} }: Opening = {}) => {
    const own = { PATH: process.env['PATH'], XDG_CACHE_HOME: emptyFolder(), HOME: emptyFolder(), ...environment };
    const outcome = await open({ name: 'far', settings, engines: {}, environment: own });
    return outcome.ok ? undefined : outcome.problems[0];
  };
  test('nothing answers, with the address', async () => {
    const { address } = ray;
    await ray.end();
    expect(await problem({ settings: { address } })).toMatchObject(says(`far: no Ray answers at ${address}`, "pip install 'ray[default]'"));
    await ray.start();
  });

  test('an address of Ray that takes no jobs', async () => {
    const settings = {};
    const environment = { RAY_ADDRESS: 'ray://head:10001' };
    expect(await problem({ settings, environment })).toMatchObject(
      says('the variable RAY_ADDRESS is "ray://head:10001"', 'http://HOST:8265'),
    );
  });

  test('something else answers', async () => {
    ray.version = '<html>hello</html>';
    expect(await problem()).toMatchObject(says('knows no jobs of Ray', 'address:'));
  });

  test('it is too old', async () => {
    ray.version = { ray_version: '2.3.1' };
    expect(await problem()).toMatchObject(says('is 2.3.1, which is too old', 'pip install --upgrade'));
  });

  test('its token is missing or wrong; with it, somebody answers', async () => {
    ray.token = 'canary-token';
    ray.version = { ray_version: '2.3.1' };
    const answers = says('which is too old', 'pip install');
    expect(await problem()).toMatchObject(says('lets nobody in without its token', 'RAY_AUTH_TOKEN'));
    expect(await problem({ environment: { RAY_AUTH_TOKEN: 'other' } })).toMatchObject(
      says('Invalid authentication token', 'RAY_AUTH_TOKEN'),
    );
    expect(await problem({ environment: { RAY_AUTH_TOKEN: 'canary-token' } })).toMatchObject(answers);
    const file = join(emptyFolder(), 'token');
    writeFileSync(file, 'canary-token\n');
    expect(await problem({ environment: { RAY_AUTH_TOKEN_PATH: file } })).toMatchObject(answers);
    expect(await problem({ environment: { RAY_JOB_HEADERS: '{"authorization": "Bearer canary-token"}' } })).toMatchObject(answers);
    expect(await problem({ environment: { RAY_JOB_HEADERS: '["x"]' } })).toMatchObject(says('RAY_JOB_HEADERS', 'RAY_JOB_HEADERS='));
  });

  test('its machines do not do what a job needs before it begins', async () => {
    const settings = { address: ray.address, setup: ['echo there is no module >&2; exit 5'] };
    expect(await problem({ settings })).toMatchObject(says('exit code 5', 'there is no module'));
  });

  test('and does not ask again what is known', async () => {
    const environment = { XDG_CACHE_HOME: emptyFolder() };
    expect(await problem({ environment })).toBeUndefined();
    const asked = ray.asked.length;
    expect(await problem({ environment })).toBeUndefined();
    expect(ray.asked.length).toBe(asked);
  });
});

describe('an executor of Ray', () => {
  test('says once, for all its nodes, why it cannot be opened', async () => {
    const folder = emptyFolder();
    const nodes = ['a', 'b', 'c'].map((name) => `  ${name}: { executor: far, run: 'echo > "$out"', out: { out: out.txt } }\n`);
    write(folder, {
      'stillroom.yaml': `executors:\n  far: { kind: ray, address: '${ray.address}' }\n`,
      'pipeline.yaml': `name: far\nstages:\n${nodes.join('')}`,
    });
    await ray.end();
    const { stderr } = await stillroom(folder, ['run', 'pipeline.yaml'], { env: { XDG_CACHE_HOME: emptyFolder() } });
    expect(stderr.split('no Ray answers')).toHaveLength(2);
    await ray.start();
  });

  test('sets its machines up by a job, whose words are told, and shows nobody its variables', async () => {
    const [cache, programs] = [emptyFolder(), emptyFolder()];
    write(programs, { uv: '#!/bin/sh\necho uv 99.0.0\n' });
    chmodSync(join(programs, 'uv'), 0o755);
    const lines: string[] = [];
    const setUp = async (more: Readonly<Record<string, string>>) => {
      const environment = { ...process.env, XDG_CACHE_HOME: cache, HOME: emptyFolder(), CANARY: 'canary-setup', ...more };
      const opened = await open({ name: 'far', settings: { address: ray.address }, engines: {}, environment });
      if (!opened.ok) throw new Error(opened.problems[0]?.message);
      const how = { parts: ['--uv'], tell: (line: string) => lines.push(line), signal: new AbortController().signal };
      return opened.value.setUp?.(how);
    };
    expect(await setUp({ PATH: `${programs}${delimiter}${process.env['PATH'] ?? ''}` })).toMatchObject({ ok: true });
    const failed = await setUp({
      PIP_INDEX_URL: 'http://127.0.0.1:9/',
      PIP_RETRIES: '0',
      PIP_CONFIG_FILE: '/dev/null',
      PIP_FIND_LINKS: '',
    });
    expect(lines.join('\n')).toContain('set-up:');
    const problems = [says('failed: Job entrypoint command failed with exit code', 'doctor --install')];
    expect(failed).toMatchObject({ ok: false, problems });
    expect(await ray.shown()).not.toContain('canary-setup');
    expect(allFiles(cache)).not.toContain('canary-setup');
  });
});

/** Every file below a folder as one text. */
function allFiles(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, 'latin1'))
    .join('\n');
}

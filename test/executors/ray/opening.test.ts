import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { open } from '../../../src/executors/ray/executor.ts';
import type { JsonObject } from '../../../src/model/json.ts';
import { emptyFolder } from '../../rig.ts';
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

describe('an executor that cannot be opened says why', () => {
  /** What is wrong with one whose place was not looked at before. */
  const problem = async ({ settings = { address: ray.address }, environment = {} }: Opening = {}) => {
    const own = { PATH: process.env['PATH'], XDG_CACHE_HOME: emptyFolder(), HOME: emptyFolder(), ...environment };
    const outcome = await open({ name: 'far', settings, engines: {}, environment: own });
    return outcome.ok ? undefined : outcome.problems[0];
  };
  const says = (message: string, hint: string) => ({
    kind: 'usage',
    code: 'cluster-refused',
    message: expect.stringContaining(message) as string,
    hint: expect.stringContaining(hint) as string,
  });

  test('nothing answers, with the address', async () => {
    const { address } = ray;
    await ray.end();
    expect(await problem({ settings: { address } })).toMatchObject(
      says(`nothing of Ray answers at ${address}`, "pip install 'ray[default]'"),
    );
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

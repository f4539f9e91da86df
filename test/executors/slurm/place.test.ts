import { chmodSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { SetupItem } from '../../../src/project/project.ts';
import { checkout, emptyFolder, stillroom, write } from '../../rig.ts';
import { type Cluster, startCluster, whyNoSlurm } from './cluster.ts';

let cluster: Cluster;
let folder: string;
let cache: string;

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

/** A line of `setup:` after which a job sees an empty folder in place of one of this machine. */
const hides = (path: string): string => `'[ -n "$HID" ] || HID=1 exec unshare -m bash -c "mount -t tmpfs none ${path}; exec bash $0"'`;

/** The same with a program in place of another. */
const replaces = (path: string, by: string): string =>
  `'[ -n "$HID" ] || HID=1 exec unshare -m bash -c "mount --bind ${by} ${path}; exec bash $0"'`;

const env = (): Record<string, string> => ({ XDG_CACHE_HOME: cache, ...cluster.environment });

async function items(executor: string, more: readonly string[] = [], others: Record<string, string> = {}) {
  const { json, stderr, code } = await stillroom(folder, ['doctor', '--executor', executor, ...more, '--json'], {
    env: { ...env(), ...others },
  });
  const found = ((json as { items?: readonly SetupItem[] }).items ?? []).map((item) => [item.name, item] as const);
  return { items: new Map(found), json: json as { readonly error?: object }, stderr, code };
}

/** How many jobs have told something. */
const told = (): number => readdirSync(join(cache, 'stillroom/slurm')).filter((name) => name.endsWith('.json')).length;

describe.skipIf(whyNoSlurm() !== undefined)('what the machines of a cluster have', () => {
  beforeAll(async () => {
    [folder, cache] = [emptyFolder(), emptyFolder()];
    cluster = await startCluster(emptyFolder());
    const old = join(folder, 'old-node');
    write(folder, {
      'old-node': '#!/bin/sh\necho v1.2.3\n',
      'uv/uv': '#!/bin/sh\necho uv 99.0.0\n',
      'artifacts/.gitignore': '*\n',
      'stillroom.yaml': `executors:
  cluster: { kind: slurm, poll: 0.3s }
  bare: { kind: slurm, setup: [${hides(checkout)}] }
  elsewhere: { kind: slurm, setup: [${hides(folder)}] }
  old: { kind: slurm, setup: [${replaces(process.execPath, old)}] }
  modules: { kind: slurm, setup: ['echo no such module >&2; exit 1'] }
  devices: { kind: slurm, gres: gpu }
`,
      'pipeline.yaml': `name: far\nstages:\n  works: { run: 'echo > "$out"', out: { out: out.txt } }\n`,
    });
    for (const name of ['old-node', 'uv/uv']) chmodSync(join(folder, name), 0o755);
  });
  afterAll(() => cluster.stop());

  test('is told by a job once, kept, and told anew when doctor asks', async () => {
    const run = await stillroom(folder, ['run', 'pipeline.yaml', '--executor', 'cluster', '--json'], { env: env() });
    expect(run.json.executed).toEqual(['works']);
    expect(run.stderr).toContain('tells what machines cluster has');
    expect((await stillroom(folder, ['run', '--executor', 'cluster'], { env: env() })).stderr).not.toContain('tells what');
    expect(told()).toBe(1);
    const { items: found, stderr } = await items('cluster');
    expect(stderr).toContain('tells what machines cluster has');
    expect(told()).toBe(1);
    expect(found.get('executor')?.detail).toContain(`cluster: ${process.platform}-${process.arch}-node`);
    expect(found.get('cluster: system')?.detail).toContain(`Node ${process.version}`);
    for (const name of ['tensorflow', 'openvino', 'onnxruntime'])
      expect(found.get(`cluster: ${name}`)).toSatisfy(
        ({ ok, optional, hint }: SetupItem) => ok && (optional !== true || hint !== undefined),
      );
  });

  test.each([
    ['bare', 'do not see this installation', 'npm install'],
    ['elsewhere', 'do not see FOLDER/stillroom.yaml', 'that all machines have'],
    ['old', 'have Node v1.2.3', 'a Node that all machines see'],
    ['modules', 'failed', 'no such module'],
  ])('where nothing can be executed there, it says what is missing: %s', async (name, message, hint) => {
    const { items: found, code } = await items(name);
    expect(code).toBe(1);
    const item = { ok: false, detail: expect.stringContaining(message.replace('FOLDER', folder)), hint: expect.stringContaining(hint) };
    expect(found.get('executor')).toMatchObject(item);
  });

  test('is asked where the devices are that its nodes get', async () => {
    expect((await items('devices')).items.get('executor')?.detail).toMatch(/, gpu$/);
    expect((await items('cluster')).items.get('executor')?.detail).not.toMatch(/gpu/);
  });

  test('is set up by one job, whose words are told', async () => {
    const PATH = `${join(folder, 'uv')}${delimiter}${process.env['PATH'] ?? ''}`;
    const done = await items('cluster', ['--uv'], { PATH });
    expect(done.stderr).toContain('sets up what is missing');
    expect(done.items.get('executor')?.ok).toBe(true);
    const nowhere = { PIP_INDEX_URL: 'http://127.0.0.1:9/', PIP_RETRIES: '0', PIP_CONFIG_FILE: '/dev/null' };
    const failed = await items('cluster', ['--uv'], { ...nowhere, HOME: emptyFolder() });
    expect(failed.stderr).toContain('set-up:');
    expect(failed.json.error).toMatchObject({
      message: expect.stringContaining('failed'),
      hint: expect.stringContaining('doctor --install'),
    });
  });
});

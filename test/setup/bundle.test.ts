import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { checks as fromSources } from '../../src/load/checks.ts';
import type { Check } from '../../src/load/check.ts';
import { checkout, emptyFolder, stillroom, write } from '../rig.ts';

const pipeline = (node: unknown): unknown => ({ name: 'p', stages: { one: node } });

describe('building', () => {
  test.each([
    ['a good pipeline', pipeline({ uses: 'words', with: { least: 3 }, resources: { memory: '2GiB' } })],
    ['a name that is none', { name: 'P p', stages: { one: { run: 'true' } } }],
    ['an unknown key', pipeline({ uses: 'words', whit: {} })],
    ['both uses and run', pipeline({ uses: 'words', run: 'true' })],
    ['an input of the wrong kind', pipeline({ uses: 'words', in: { text: 3 } })],
    ['wide characters in a size', pipeline({ run: 'true', resources: { memory: '２GiB' } })],
    ['nothing at all', null],
  ])('compiles the fixed schemas so that %s is judged as by ajv', async (_, value) => {
    const built = (await import(pathToFileURL(join(checkout, 'dist/load/checks.js')).href)) as { checks: Record<string, Check> };
    const own = built.checks['pipeline'];
    expect(own?.(value)).toBe(fromSources.pipeline(value));
    expect(own?.errors ?? null).toEqual(fromSources.pipeline.errors ?? null);
  });

  test('leaves no validator to be loaded where params were checked before', async () => {
    const folder = emptyFolder();
    const preload = join(emptyFolder(), 'preload.cjs');
    const log = join(emptyFolder(), 'loaded.txt');
    writeFileSync(
      preload,
      `const module_ = require('node:module');
const load = module_._load;
module_._load = function (name, ...rest) { if (name === 'ajv') require('node:fs').appendFileSync(${JSON.stringify(log)}, name + '\\n'); return load.call(this, name, ...rest); };`,
    );
    const env = { NODE_OPTIONS: `--require ${preload}` };
    write(folder, {
      'package.json': '{}',
      'stages/one/stage.ts': `import { defineStage, param } from 'stillroom';
export default defineStage({ about: 'One.', params: { size: param.int({ min: 1, default: 3 }) }, outputs: { o: 'file' }, run: () => import('./run.ts') });`,
      'stages/one/run.ts': `import { work } from 'stillroom';\nexport default work(() => undefined);`,
      'p.yaml': 'name: p\nstages: { one: { uses: one, with: { size: 4 } } }\n',
    });
    const loads = async (...args: string[]): Promise<{ code: number; count: number }> => counted('plan', 'p.yaml', ...args);
    const counted = async (...args: string[]): Promise<{ code: number; count: number }> => {
      writeFileSync(log, '');
      const { code } = await stillroom(folder, args, { env });
      return { code, count: readFileSync(log, 'utf8').split('\n').length - 1 };
    };
    expect(await loads()).toEqual({ code: 0, count: 1 });
    expect(await loads()).toEqual({ code: 0, count: 0 });
    expect(await loads('--set', 'one.size=5')).toEqual({ code: 0, count: 1 });
    expect(await loads('--set', 'one.size=0')).toEqual({ code: 2, count: 1 });
    expect(await loads('--set', 'one.size=0')).toEqual({ code: 2, count: 1 });
    const sweep = ['sweep', 'p.yaml', '--over', 'one.size=4,6', '--plain'];
    expect((await counted(...sweep)).count).toBeGreaterThan(0);
    expect((await counted(...sweep)).count).toBe(0);
    for (const file of readdirSync(join(folder, 'artifacts/index/checked')))
      writeFileSync(join(folder, 'artifacts/index/checked', file), 'torn');
    expect(await loads()).toEqual({ code: 0, count: 1 });
  });

  test('lets compiled code be kept in the user’s own cache, where what is damaged is made anew', async () => {
    const cache = emptyFolder();
    const folder = join(cache, 'stillroom/compiled');
    const help = async (env: Record<string, string>): Promise<string> => {
      const { code, stdout } = await stillroom(cache, ['--help'], { env });
      expect(code).toBe(0);
      return stdout;
    };
    const only = (): string => join(folder, readdirSync(folder).join());
    const isWhole = (): boolean => {
      const bytes = readFileSync(only());
      return bytes.length > 10_000 && crc32(bytes.subarray(4)) === bytes.readUInt32LE(0);
    };
    const told = await help({ XDG_CACHE_HOME: cache, NODE_DISABLE_COMPILE_CACHE: '1' });
    expect(readdirSync(cache)).toEqual([]);
    expect(await help({ XDG_CACHE_HOME: cache })).toBe(told);
    expect(isWhole()).toBe(true);
    for (let run = 0; run < 3; run += 1) await help({ XDG_CACHE_HOME: cache });
    const kept = readFileSync(only());
    expect(await help({ XDG_CACHE_HOME: cache })).toBe(told);
    expect(readFileSync(only())).toEqual(kept);
    const damaged = Buffer.from(kept);
    damaged.fill(0, damaged.length >> 1);
    writeFileSync(only(), damaged);
    expect(await help({ XDG_CACHE_HOME: cache })).toBe(told);
    expect(isWhole()).toBe(true);
    expect(await help({ XDG_CACHE_HOME: '/dev/null' })).toBe(told);
  });

  test('puts what help and a run in which nothing has changed load into a file of its own, and what a run of commands loads', async () => {
    const folder = emptyFolder();
    write(folder, { 'package.json': '{}', 'p.yaml': 'name: p\nstages: { one: { run: echo 1 > $o, out: { o: o.txt } } }\n' });
    /** How many files of the command line a command has loaded, by the compiled code that is kept of each. */
    const loadedBy = async (...args: readonly string[]): Promise<number> => {
      const cache = emptyFolder();
      expect((await stillroom(folder, args, { env: { XDG_CACHE_HOME: cache } })).code).toBe(0);
      return readdirSync(join(cache, 'stillroom/compiled')).length;
    };
    expect(await loadedBy('run', 'p.yaml')).toBe(2);
    expect(await loadedBy('run', 'p.yaml')).toBe(1);
    expect(await loadedBy('--help')).toBe(1);
    expect(await loadedBy('complete', '--', 'ru')).toBe(1);
  });

  test('uses again what is kept of each file, and adds to it three times', async () => {
    const cache = emptyFolder();
    write(cache, { 'package.json': '{}', 'p.yaml': 'name: p\nstages: {}\n' });
    const folder = join(cache, 'stillroom/compiled');
    /** How often was added to what is kept of each file; code that V8 refuses begins anew with one. */
    const additions = (): number[] => readdirSync(folder).map((name) => readFileSync(join(folder, name)).readUInt32LE(4));
    for (const expected of [1, 2, 3, 3]) {
      await stillroom(cache, ['plan', 'p.yaml'], { env: { XDG_CACHE_HOME: cache } });
      expect(additions()).toEqual([expected, expected]);
    }
  });

  test('lets of the code of what works for long only that be kept which short commands never load', async () => {
    const cache = emptyFolder();
    write(cache, {
      'worked.cjs': 'process.cpuUsage = () => ({ user: 2_000_000, system: 0 });',
      'package.json': '{}',
      'p.yaml': 'name: p\nstages: {}\n',
    });
    const env = { XDG_CACHE_HOME: cache, NODE_OPTIONS: `--require ${join(cache, 'worked.cjs')}` };
    await stillroom(cache, ['plan', 'p.yaml'], { env });
    expect(readdirSync(join(cache, 'stillroom/compiled'))).toEqual([expect.stringMatching(/-plan-run-parts.cjs$/)]);
  });
});

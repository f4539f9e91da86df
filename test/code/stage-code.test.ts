import { appendFileSync, mkdirSync, mkdtempSync, renameSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, expect, test } from 'vitest';
import { type Bundler, type CodeRequest, esbuildBundler } from '../../src/code/bundler.ts';
import { type BundleStore, stageCode } from '../../src/code/stage-code.ts';
import { bundleStore } from './store.ts';

let root: string;
let store: BundleStore;
let bundlings: number;

/** Counts how often something is really bundled. */
const counting = (): Bundler => ({
  version: esbuildBundler.version,
  settings: esbuildBundler.settings,
  bundle(request) {
    bundlings += 1;
    return esbuildBundler.bundle(request);
  },
});

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'project-'));
  store = bundleStore();
  bundlings = 0;
});

function write(path: string, text: string): string {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

const text = (digest: string): string => Buffer.from(store.artifacts.read(digest) ?? []).toString();

async function digest(changes: Partial<CodeRequest> = {}, bundler = counting()): Promise<string> {
  const request = { folder: join(root, 'stages/one'), entry: './run.ts', modules: {}, root, ...changes };
  const code = await stageCode(request, store, { bundler });
  if (!code.ok) throw new Error(code.problems[0]?.message);
  return code.value.digest;
}

test('a stage is bundled once while nothing that it reaches has changed', async () => {
  const file = write('stages/one/run.ts', "import { a } from './a.ts';\nexport default () => a;");
  write('stages/one/a.ts', 'export const a = 1;');
  write('stages/other/run.ts', 'export default 1;');
  const first = await digest();
  utimesSync(file, new Date(0), new Date(0));
  write('stages/other/run.ts', 'export default 2;');
  expect(await digest()).toBe(first);
  expect(bundlings).toBe(1);
});

test('an edit is seen that keeps size and time', async () => {
  write('stages/one/run.ts', "import { a } from './a.ts';\nexport default () => a;");
  const file = write('stages/one/a.ts', 'export const a = 1;');
  const first = await digest();
  const { mtime } = statSync(file);
  writeFileSync(file, 'export const a = 2;');
  utimesSync(file, mtime, mtime);
  expect(await digest()).not.toBe(first);
});

test('an edit is seen that comes at once after another and leaves no trace but the bytes', async () => {
  write('stages/one/run.ts', "import { a } from './a.ts';\nexport default () => a;");
  for (let value = 0; value < 20; value += 1) {
    const file = write('stages/one/a.ts', `export const a = ${10 + value};`);
    await digest();
    writeFileSync(file, `export const a = ${50 + value};`);
    expect(text(await digest())).toContain(String(50 + value));
  }
});

test('a file that now comes first where one was looked for is seen', async () => {
  write('stages/one/run.ts', "import a from './a';\nexport default () => a;");
  write('stages/one/a.js', 'export default 1;');
  const first = await digest();
  write('stages/one/a.ts', 'export default 2;');
  expect(await digest()).not.toBe(first);
});

test('a linked package that leads elsewhere now is seen, and so is one that lies nearer', async () => {
  write('stages/one/run.ts', "import a from 'linked';\nexport default () => a;");
  write('packages/a/package.json', '{ "name": "linked", "main": "index.js", "type": "module" }');
  write('packages/a/index.js', 'export default 1;');
  write('packages/b/package.json', '{ "name": "linked", "main": "index.js", "type": "module" }');
  write('packages/b/index.js', 'export default 2;');
  mkdirSync(join(root, 'node_modules'));
  symlinkSync(join(root, 'packages/a'), join(root, 'node_modules/linked'));
  const first = await digest();
  renameSync(join(root, 'node_modules/linked'), join(root, 'node_modules/before'));
  symlinkSync(join(root, 'packages/b'), join(root, 'node_modules/linked'));
  const second = await digest();
  expect(second).not.toBe(first);
  write('stages/one/node_modules/linked/package.json', '{ "name": "linked", "type": "module" }');
  write('stages/one/node_modules/linked/index.js', 'export default 3;');
  expect([first, second]).not.toContain(await digest());
});

test('what a package says of its files is seen, and its version is not', async () => {
  write('stages/one/run.ts', "import { used } from 'pure';\nexport default () => used;");
  const manifest = (fields: string) => write('node_modules/pure/package.json', `{ "name": "pure", "type": "module"${fields} }`);
  manifest(', "sideEffects": true');
  write('node_modules/pure/index.js', "export * from './used.js';\nexport * from './other.js';");
  write('node_modules/pure/used.js', 'export const used = 1;');
  write('node_modules/pure/other.js', 'console.log("loaded");');
  const first = await digest();
  manifest(', "sideEffects": true, "version": "2.0.0"');
  expect(await digest()).toBe(first);
  expect(bundlings).toBe(1);
  manifest(', "sideEffects": false');
  expect(await digest()).not.toBe(first);
});

test('the file that the declaration names is what runs', async () => {
  write('stages/one/run.ts', "import other from './work.ts';\nexport default () => (other as unknown) === 1 || 'run';");
  write('stages/one/work.ts', "import other from './run.ts';\nexport default () => (other as unknown) === 2 || 'work';");
  const run = await digest();
  const work = await digest({ entry: './work.ts' });
  expect(work).not.toBe(run);
  expect(text(work)).toMatch(/as run\b/);
});

test('which param chose which of two modules counts', async () => {
  write('stages/one/run.ts', 'export default () => 1;');
  const a = { file: write('stages/one/parts/a.ts', 'export default () => "a";'), takesParams: false };
  const b = { file: write('stages/one/parts/b.ts', 'export default () => "b";'), takesParams: false };
  expect(await digest({ modules: { first: a, second: b } })).not.toBe(await digest({ modules: { first: b, second: a } }));
});

test('sources that were bundled before keep their bundle under another version of the bundler', async () => {
  const file = write('stages/one/run.ts', 'export default () => 1;');
  const first = await digest();
  const newer: Bundler = {
    ...counting(),
    version: 'newer',
    async bundle(request) {
      const built = await esbuildBundler.bundle(request);
      return built.ok ? { ok: true, value: { ...built.value, code: `${built.value.code}/**/` } } : built;
    },
  };
  expect(await digest({}, newer)).toBe(first);
  appendFileSync(file, '\nexport const threads = { more() {} };');
  expect(await digest({}, newer)).not.toBe(first);
});

test('what is edited while it is bundled is bundled again', async () => {
  const file = write('stages/one/run.ts', 'export default () => 1;');
  const late: Bundler = {
    ...counting(),
    async bundle(request) {
      const built = await esbuildBundler.bundle(request);
      writeFileSync(file, 'export default () => 2;');
      return built;
    },
  };
  const first = await digest({}, late);
  expect(text(first)).toContain('1');
  const second = await digest();
  expect(second).not.toBe(first);
  writeFileSync(file, 'export default () => 1;');
  expect(await digest()).toBe(first);
});

test.each([
  ['./absent.ts', "import './absent.ts';\nexport default 1;", 'bad-stage', 1],
  ['the work itself', undefined, 'bad-stage', undefined],
  ['what may be absent', "export default 1;\ntry { require('./absent.json'); } catch {}", 'escaping-code', 2],
  ['a page', "export default 1;\nexport const a = () => import('https://example.org/a.js');", 'escaping-code', 2],
])('an import that is not there is refused: %s', async (_, text, code, line) => {
  write('stages/one/stage.ts', '');
  if (text !== undefined) write('stages/one/run.ts', text);
  const built = await stageCode({ folder: join(root, 'stages/one'), entry: './run.ts', modules: {}, root }, store);
  expect(built).toMatchObject({ ok: false, problems: [{ code, ...(line === undefined ? {} : { place: { line } }) }] });
});

test.each([0, 150])(
  'a package with native code counts as npm notes it, and a new note is seen (%i ms after it was written)',
  async (age) => {
    write('stages/one/run.ts', "import a from 'native';\nexport default () => a;");
    write('node_modules/native/package.json', '{ "name": "native", "version": "1.2.3" }');
    write('node_modules/native/index.js', '');
    write('node_modules/native/build/a.node', '');
    const note = (integrity: string) =>
      write('node_modules/.package-lock.json', JSON.stringify({ packages: { 'node_modules/native': { integrity } } }));
    const packages = async () => {
      const code = await stageCode({ folder: join(root, 'stages/one'), entry: './run.ts', modules: {}, root }, store, {
        bundler: counting(),
      });
      return code.ok ? code.value.packages : {};
    };
    note('sha512-one');
    await sleep(age);
    const first = await packages();
    expect(first).toMatchObject({ native: { version: '1.2.3' } });
    expect(Object.keys(first['native'] ?? {}).sort()).toEqual(['integrity', 'version']);
    expect(await packages()).toEqual(first);
    expect(bundlings).toBe(1);
    note('sha512-second');
    expect((await packages())['native']?.integrity).not.toBe(first['native']?.integrity);
  },
);

test('a package may look for what is not installed', async () => {
  write('stages/one/run.ts', "import a from 'pack';\nexport default () => a;");
  write('node_modules/pack/package.json', '{ "name": "pack" }');
  write('node_modules/pack/index.js', "try { module.exports = require('faster'); } catch { module.exports = __dirname; }");
  expect(await digest()).toMatch(/^[0-9a-f]{64}$/);
});

import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { trustedStamp } from '../../src/files/stamp.ts';
import { describeSetup } from '../../src/setup/description.mjs';
import { readEngineFacts } from '../../src/setup/facts.mjs';
import { nodeProblem } from '../../src/setup/node-version.cjs';
import { root } from '../../src/setup/places.mjs';
import { temporaryFolder } from './rig.ts';

/** Runs a set-up as a program. */
function setUp(folder: string, environment: NodeJS.ProcessEnv = {}) {
  const script = join(folder, 'src/setup/setup.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { env: { ...process.env, ...environment }, encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

const addonPackage = 'node_modules/@tensorflow/tfjs-node-gpu';

/** A stand-in for an installation from the tarball: set-up's sources and what it needs of the packages. */
function makeInstallation() {
  const folder = temporaryFolder();
  const copy = (path: string) => cpSync(join(root, path), join(folder, path), { recursive: true });
  for (const path of [
    'src/setup',
    'src/executors/job/native',
    'src/files/native',
    'src/nn/engine/native',
    'package.json',
    'node_modules/node-api-headers',
    'node_modules/onnxruntime-node/package.json',
  ])
    copy(path);
  for (const path of ['package.json', 'binding']) copy(join(addonPackage, path));
  return folder;
}

/** A cache that holds the engine that this checkout uses, and no compiled addon. */
function makeCache() {
  const cache = temporaryFolder();
  const engine = readEngineFacts()?.path ?? '';
  mkdirSync(join(cache, 'stillroom/engine'), { recursive: true });
  symlinkSync(engine, join(cache, 'stillroom/engine', basename(engine)));
  return cache;
}

describe('set-up', () => {
  test('of a checkout is silent where there is nothing to do', () => {
    const before = trustedStamp(join(root, 'dist/cli.js'));
    expect(setUp(root)).toEqual({ status: 0, output: '' });
    expect(trustedStamp(join(root, 'dist/cli.js'))).toBe(before);
  });

  test('compiles the addon once, and is silent the second time', () => {
    const folder = makeInstallation();
    const environment = { XDG_CACHE_HOME: makeCache() };
    expect(readEngineFacts(folder)).toBeUndefined();
    const first = setUp(folder, environment);
    expect(first.output).toContain('libtensorflow 2.21.0-linux-x64');
    expect(first.status).toBe(0);
    expect(readEngineFacts(folder)).toMatchObject({ libtensorflow: '2.21.0' });
    expect(setUp(folder, environment)).toEqual({ status: 0, output: '' });
  }, 600_000);

  test('repairs an addon that was removed, without compiling it again', () => {
    const folder = makeInstallation();
    setUp(folder);
    rmSync(join(folder, addonPackage, 'lib'), { recursive: true });
    expect(setUp(folder, { PATH: dirname(folder) }).status).toBe(0);
    expect(readEngineFacts(folder)).toBeDefined();
  });

  test('says what to install where the compiler is missing', () => {
    const folder = makeInstallation();
    const { status, output } = setUp(folder, { XDG_CACHE_HOME: makeCache(), PATH: dirname(folder), CXX: '' });
    expect(status).toBe(1);
    expect(output).toContain('A C++ compiler is missing.');
    expect(output).toContain('sudo apt-get install g++');
    expect(readEngineFacts(folder)).toBeUndefined();
  });

  test('says what to install where pip is missing', () => {
    const folder = makeInstallation();
    const cache = temporaryFolder();
    const { status, output } = setUp(folder, { XDG_CACHE_HOME: cache, PATH: cache });
    expect(status).toBe(1);
    expect(output).toContain('Python with pip is missing.');
    expect(output).toContain('sudo apt-get install python3-pip');
    expect(readdirSync(join(cache, 'stillroom/engine')).filter((name) => name.endsWith('.lock'))).toEqual([]);
  });

  test('says which folder it cannot write', () => {
    const folder = makeInstallation();
    const { status, output } = setUp(folder, { XDG_CACHE_HOME: '/dev/null' });
    expect(status).toBe(1);
    expect(output).toContain('cannot write /dev/null/stillroom');
  });

  test('says which Node.js it needs', () => {
    expect(nodeProblem('18.20.8')).toBe('Stillroom needs Node.js 20.17 or newer; this is 18.20.8. Node.js 20, 22 and 24 are tested.');
    expect(nodeProblem('20.16.0')).toBeDefined();
    for (const version of ['20.17.0', '20.20.2', '22.0.0', '24.21.0']) expect(nodeProblem(version)).toBeUndefined();
  });
});

describe('the facts', () => {
  test('tell the engine that is installed', () => {
    const facts = readEngineFacts();
    expect(facts).toMatchObject({ format: 2, libtensorflow: '2.21.0', platform: `${process.platform}-${process.arch}` });
    expect(existsSync(join(facts?.path ?? '', 'tensorflow/libtensorflow_cc.so.2'))).toBe(true);
  });

  test('are missing where no engine is', () => {
    expect(readEngineFacts(temporaryFolder())).toBeUndefined();
  });

  test('describe what is set up', () => {
    const items = describeSetup();
    expect(items.map(({ name, ok }) => [name, ok])).toEqual([
      ['Node.js', true],
      ['npm packages', true],
      ['compiled sources', true],
      ['npx stillroom', true],
      ['process supervisor', true],
      ['addon for many files', true],
      ['stage confinement', true],
      ['training engine', true],
      ['OpenVINO', true],
    ]);
  });
});

test('a supervisor that cannot be compiled is told with what it needs', () => {
  const folder = makeInstallation();
  const program = `import(${JSON.stringify(join(folder, 'src/setup/description.mjs'))}).then(({ describeSetup }) => console.log(JSON.stringify(describeSetup())))`;
  const { stdout } = spawnSync(process.execPath, ['-e', program], { env: { PATH: folder, CC: '' }, encoding: 'utf8' });
  expect(JSON.parse(stdout)).toContainEqual({
    name: 'process supervisor',
    ok: false,
    optional: true,
    detail: expect.stringContaining('not compiled'),
    hint: 'npx stillroom doctor --install, with a C compiler: sudo apt-get install gcc',
  });
});

test('the addon loads by require alone, in its own process', () => {
  const program = "process.stdout.write(require('@tensorflow/tfjs-node-gpu/lib/napi-v8/tfjs_binding.node').TF_Version)";
  const { stdout } = spawnSync(process.execPath, ['-e', program], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' },
  });
  expect(stdout).toBe('2.21.0');
});

test('the sources of set-up need no package, but for the runner of scripts', () => {
  const folder = dirname(new URL('../../src/setup/setup.mjs', import.meta.url).pathname);
  const packages = readdirSync(folder)
    .filter((name) => name.endsWith('.mjs') && name !== 'script.mjs')
    .flatMap((name) => [...readFileSync(join(folder, name), 'utf8').matchAll(/^import .* from '([^']+)'/gm)].map((match) => match[1] ?? ''))
    .filter((from) => !from.startsWith('./') && !from.startsWith('node:'));
  expect(packages).toEqual([]);
});

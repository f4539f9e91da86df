import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../../src/setup/places.mjs';
import { temporaryFolder } from './rig.ts';

const script = process.env['npm_execpath'];
const [npm = 'npm', ...npmArguments] = script?.endsWith('npm-cli.js') ? [process.execPath, script] : ['npm'];
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:npm_|init_cwd)/i.test(name)));

/** Runs a program to its end and gives its standard output. */
const output = (program: string, args: readonly string[], cwd: string) =>
  execFileSync(program, args, { cwd, env: environment, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

test('the tarball of npm pack, installed in an empty folder, runs init and run', { timeout: 240_000 }, () => {
  const folder = temporaryFolder();
  output(npm, [...npmArguments, 'pack', '--silent', '--pack-destination', folder], root);
  const [tarball = ''] = readdirSync(folder);
  expect(tarball).toMatch(/^stillroom-.*\.tgz$/);
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  output(npm, [...npmArguments, 'install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', `./${tarball}`], folder);

  const installed = join(folder, 'node_modules', 'stillroom');
  for (const name of [
    'dist/cli.js',
    'dist/cli.cjs',
    'dist/index.d.ts',
    'dist/events.d.ts',
    'src/r/stillroom.R',
    'src/index.ts',
    'LICENSE',
    'src/data-files.d.ts',
    'stages/fuse/stage.ts',
    'pipelines/quickstart.yaml',
  ]) {
    expect(existsSync(join(installed, name)), name).toBe(true);
  }
  for (const name of ['test', 'dist/.stamp.json', 'pipelines/fashion-mnist', 'artifacts']) {
    expect(existsSync(join(installed, name)), name).toBe(false);
  }

  const stillroom = (...args: readonly string[]) => output(join(folder, 'node_modules/.bin/stillroom'), args, folder);
  stillroom('init');
  expect(output(process.execPath, [join(root, 'node_modules/typescript/bin/tsc')], folder)).toBe('');
  const first = JSON.parse(stillroom('run', 'pipeline.yaml', '--json'));
  expect(first.failed).toEqual([]);
  expect(first.executed.length).toBeGreaterThan(0);
  const second = JSON.parse(stillroom('run', 'pipeline.yaml', '--json'));
  expect(second).toMatchObject({ executed: [], hash: first.hash });

  // All code of the stages that come with it bundles: what stops the plan is looked at after that.
  const refused = (...args: readonly string[]): { readonly code: string; readonly message: string; readonly hint: string } => {
    const { stdout } = spawnSync(join(folder, 'node_modules/.bin/stillroom'), [...args, '--json'], {
      cwd: folder,
      env: environment,
      encoding: 'utf8',
    });
    return JSON.parse(stdout).error;
  };
  expect(refused('plan', 'quickstart')).toMatchObject({
    code: 'engine-missing',
    message: expect.stringMatching(/needs the engine tensorflow, which is not set up; so do \d+ other nodes$/),
    hint: expect.stringContaining('npx stillroom doctor --install'),
  });

  const doctor = spawnSync(join(folder, 'node_modules/.bin/stillroom'), ['doctor'], { cwd: folder, env: environment, encoding: 'utf8' });
  expect(doctor.stdout).toMatch(/^– training engine +not installed: .*\n +→ npx stillroom doctor --install \(about 0\.8 GB\)$/m);
  expect(doctor.status).toBe(0);

  // npm leaves optional packages out where their install scripts fail: all but training works without them.
  for (const name of ['@tensorflow', 'onnxruntime-node']) rmSync(join(folder, 'node_modules', name), { recursive: true });
  const left = refused('plan', 'quickstart');
  expect(left.message).toMatch(/^the stage [\w-]+ needs @tensorflow\/tfjs-node-gpu, .* not installed; so do \d+ other nodes$/);
  expect(left).toMatchObject({ code: 'engine-missing', hint: expect.stringContaining('npx stillroom doctor --install') });
  const split = JSON.parse(stillroom('plan', 'quickstart', '--only', 'split', '--json'));
  expect(split.nodes.map((node: { readonly action: string }) => node.action)).toEqual(['run', 'run']);
  const third = JSON.parse(stillroom('run', 'pipeline.yaml', '--json', '--set', 'least=4'));
  expect(third.executed.length).toBeGreaterThan(0);
});

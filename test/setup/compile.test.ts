import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compile, compiled } from '../../src/setup/compile.mjs';
import { packagesReady } from '../../src/setup/packages.mjs';
import { root } from '../../src/setup/places.mjs';
import { recordedWork, temporaryFolder } from './rig.ts';

/** A small package whose sources are compiled by the real compiler. */
function makePackage() {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'src'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  for (const name of ['tsconfig.json', 'src/tsconfig.json']) writeFileSync(join(folder, name), readFileSync(join(root, name)));
  const write = (name: string, text: string) => writeFileSync(join(folder, 'src', name), text);
  write('index.ts', "export { one } from './one.ts';\n");
  write('one.ts', 'export const one: number = 1;\n');
  const output = (name: string) => join(folder, 'dist', name);
  return { folder, write, output };
}

test('compiles what was edited, and removes what is stale', async () => {
  const { folder, write, output } = makePackage();
  const { work } = recordedWork();
  expect(compiled(folder)).toBe(false);
  expect(await compile(folder, work)).toBe('4 files compiled');
  expect(compiled(folder)).toBe(true);
  expect(readFileSync(output('index.js'), 'utf8')).toContain("'./one.js'");
  expect(JSON.parse(readFileSync(output('package.json'), 'utf8'))).toMatchObject({ type: 'module' });

  utimesSync(join(folder, 'src/one.ts'), 1, 1);
  expect(compiled(folder)).toBe(true);

  write('index.ts', "export { two } from './two.ts';\n");
  write('two.ts', 'export const two: number = 2;\n');
  rmSync(join(folder, 'src/one.ts'));
  expect(compiled(folder)).toBe(false);
  await compile(folder, work);
  expect(existsSync(output('one.js'))).toBe(false);
  expect(existsSync(output('two.js'))).toBe(true);
  expect(compiled(folder)).toBe(true);
});

test('a type error is counted, a syntax error refused', async () => {
  const { folder, write, output } = makePackage();
  const { work } = recordedWork();
  write('one.ts', "export const one: number = 'one';\n");
  expect(await compile(folder, work)).toBe('4 files compiled; 1 type error (npm test shows them)');
  write('one.ts', 'export const one: number = ;\n');
  await expect(compile(folder, work)).rejects.toThrow('could not compile src');
  expect(readFileSync(output('one.js'), 'utf8')).toContain("'one'");
});

test('packages are ready when npm installed all that the lockfile names', () => {
  const folder = temporaryFolder();
  const entry = { version: '1.0.0', integrity: 'sha512-a' };
  const lock = {
    packages: {
      '': { dependencies: { one: '1.0.0' } },
      'node_modules/one': entry,
      'node_modules/other-platform': { version: '2.0.0', optional: true },
    },
  };
  const install = (packages: object) => writeFileSync(join(folder, 'node_modules/.package-lock.json'), JSON.stringify({ packages }));
  mkdirSync(join(folder, 'node_modules/one'), { recursive: true });
  writeFileSync(join(folder, 'node_modules/one/package.json'), '{}');
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock));
  expect(packagesReady(folder)).toBe(false);
  install({ 'node_modules/one': entry });
  expect(packagesReady(folder)).toBe(true);
  install({ 'node_modules/one': { ...entry, version: '1.0.1' } });
  expect(packagesReady(folder)).toBe(false);
  install({ 'node_modules/one': entry });
  rmSync(join(folder, 'node_modules/one'), { recursive: true });
  expect(packagesReady(folder)).toBe(false);
});

import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkout, emptyFolder, write } from '../rig.ts';

/** A project as a user has it: with Stillroom among its packages. */
function linkedProject(): string {
  const folder = emptyFolder();
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(checkout, join(folder, 'node_modules/stillroom'));
  write(folder, { 'package.json': '{ "type": "module" }' });
  return folder;
}

test('plain Node loads everything that the package offers, without loading TensorFlow', () => {
  const program = `
    const names = ['stillroom', 'stillroom/project', 'stillroom/training', 'stillroom/nn'];
    const found = {};
    for (const name of names) found[name] = Object.keys(await import(name));
    const maps = (await import('node:fs')).readFileSync('/proc/self/maps', 'utf8');
    console.log(JSON.stringify({ found, engine: maps.includes('tfjs_binding.node') }));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', program], { cwd: linkedProject(), encoding: 'utf8' });
  const { found, engine } = JSON.parse(output) as { found: Record<string, string[]>; engine: boolean };
  expect(found['stillroom']).toContain('defineStage');
  expect(found['stillroom/project']).toContain('openProject');
  expect(found['stillroom/training']?.length).toBeGreaterThan(0);
  expect(found['stillroom/nn']).toContain('train');
  expect(engine).toBe(false);
});

test('the example of the documentation plans, runs, and finds the best run', () => {
  const folder = linkedProject();
  copyFileSync(join(checkout, 'docs/examples/best-run.mjs'), join(folder, 'best-run.mjs'));
  write(folder, {
    'pipeline.yaml': `name: words
params: { size: 1 }
stages:
  words:
    run: 'echo "{ \\"count\\": $((size * 10)) }" > metrics.json; echo $size > "$out"'
    with: { size: $size }
    out: { out: out.txt }
    metrics: metrics.json
`,
  });
  const output = execFileSync(process.execPath, ['best-run.mjs'], { cwd: folder, encoding: 'utf8' });
  expect(output.split('\n')).toEqual([
    'plan: words run: it has not run before',
    'size=1: words executed',
    'size=2: words executed',
    'size=3: words executed',
    'best: words.count = 30 with size = 3',
    'words.count: 10 → 30',
    '',
  ]);
});

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { emptyFolder, installationCopy, write } from '../rig.ts';

test('an executor and an engine are added as a folder each, with no edit elsewhere', async () => {
  const copy = installationCopy();
  write(copy, {
    'dist/executors/twin/executor.js': "export { open } from '../process/executor.js';",
    'dist/executors/twin/settings.js': "export const settings = { beads: { type: 'integer', description: 'how many' } };",
    'dist/engines/abacus/engine.js': `export const engine = {
  name: 'abacus', package: 'abacus', hint: 'buy one', facts: () => ({ version: '1', device: 'cpu' }), use: () => ({ device: 'cpu', environment: {} }),
};`,
  });
  const folder = emptyFolder();
  write(folder, {
    'package.json': '{}',
    'stillroom.yaml': 'executors:\n  mine: { kind: twin, beads: 10 }\n',
    'p.yaml': "name: p\nstages:\n  one: { run: 'echo 1 > $o', out: { o: o.txt }, executor: mine }\n",
  });
  const script = `import { openProject } from ${JSON.stringify(join(copy, 'dist/project/project.js'))};
const project = openProject();
const ended = await project.run('p.yaml');
console.log(JSON.stringify(ended.ok ? { state: ended.value.record.state, engines: Object.keys(ended.value.record.facts.engines) } : ended.problems));
project.close();`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { cwd: folder });
  expect(JSON.parse(stdout)).toEqual({ state: 'done', engines: expect.arrayContaining(['abacus']) });
});

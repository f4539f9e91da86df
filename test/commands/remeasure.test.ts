import { expect, test } from 'vitest';
import { called, emptyFolder, write } from '../rig.ts';

const pipeline = `name: speed
stages:
  make: { run: 'echo 1 > "$out"', out: { out: out.txt } }
  time: { run: 'cat "$made" > "$out"', in: { made: make.out }, out: { out: out.txt }, measures: machine }
`;

test('--remeasure executes what measures the machine and nothing else, which plan and why tell', async () => {
  const folder = emptyFolder();
  write(folder, { 'artifacts/.gitignore': '*\n', 'speed.yaml': pipeline });
  // No test waits until whoever else works here has ended.
  const run = (...more: string[]) => called(folder, ['run', 'speed.yaml', '--no-wait', '--json', ...more]);
  expect((await run()).json.executed).toEqual(['make', 'time']);
  const { json } = await run('--remeasure');
  expect([json.executed, json.reused]).toEqual([['time'], ['make']]);
  const cause = 'measured again, as --remeasure says';
  const planned = await called(folder, ['plan', 'speed.yaml', '--remeasure', '--json']);
  expect(planned.json.nodes).toContainEqual(expect.objectContaining({ node: 'time', action: 'run', cause }));
  expect((await called(folder, ['why', 'speed.yaml', 'time', '--remeasure'])).stdout).toContain(`time runs: ${cause}\n`);
});

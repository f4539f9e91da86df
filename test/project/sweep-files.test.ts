import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { SweepSpec } from '../../src/model/sweep.ts';
import { sweepPlots, writeSweepFiles } from '../../src/project/sweep-files.ts';
import { emptyFolder } from '../rig.ts';
import { specOf } from '../sweep/functions.ts';
import { FakeWorkbench, MemoryLines, sweepInMemory } from '../sweep/rig.ts';

const spec = specOf([{ name: 'x', domain: { kind: 'int', from: 1, to: 6, log: false }, when: {} }], { strategy: 'grid' });
const two = [
  { metric: 'node.a', goal: 'maximize' },
  { metric: 'node.b', goal: 'minimize' },
] as const;
const written = async (folder: string, objectives: SweepSpec['objectives']) => {
  const workbench = new FakeWorkbench(({ x }) => ({ 'node.a': Number(x), 'node.b': Number(x) ** 2 }));
  const { result } = await sweepInMemory({ ...spec, objectives }, workbench, new MemoryLines());
  return writeSweepFiles(folder, result, objectives.length === 0 ? undefined : 'name: best\n');
};

test('plots mark what breaks a constraint, also without colour, and no line crosses a label', async () => {
  const workbench = new FakeWorkbench(({ x }) => ({ 'node.a': Number(x), 'node.b': Number(x) ** 2 }));
  const constraints = [{ metric: 'node.b', bounds: { max: 20 } }];
  const { result } = await sweepInMemory({ ...spec, objectives: two, constraints }, workbench, new MemoryLines());
  const plots = new Map(sweepPlots(result).map(({ title, svg }) => [title, svg]));
  const lines = plots.get('parallel coordinates') ?? '';
  expect(lines.match(/stroke-dasharray/g)).toHaveLength(2);
  expect(lines).toContain('dashed: 2 infeasible');
  // Labels of all but the last axis lie on a piece of paper, drawn after the lines.
  const labels = lines.slice(lines.lastIndexOf('<path'));
  expect(labels.match(/fill="#fff"\/>\s*<text/g)?.length).toBeGreaterThanOrEqual(10);
  const front = plots.get('pareto front') ?? '';
  expect(front.match(/<circle /g)).toHaveLength(4);
  expect(front.match(/\(infeasible\)/g)).toHaveLength(2);
});

test('tables and plots of a sweep are written, and those that no longer fit are taken away', async () => {
  const folder = join(emptyFolder(), 'sweep');
  const files = await written(folder, two);
  expect(Object.keys(files)).toEqual(['csv', 'markdown', 'pareto front', 'parallel coordinates', 'importance', 'best', 'json']);
  expect(Object.values(files).every((path) => existsSync(path))).toBe(true);
  expect(readFileSync(files['pareto front'] ?? '', 'utf8').match(/<circle /g)).toHaveLength(6);
  const json = JSON.parse(readFileSync(files['json'] ?? '', 'utf8')) as { front: unknown[]; files: Record<string, string> };
  expect(json.front).toHaveLength(6);
  expect(json.files['best']).toBe(join(folder, 'best.yaml'));
  const fewer = await written(folder, []);
  expect(Object.keys(fewer)).toEqual(['csv', 'markdown', 'json']);
  expect(existsSync(files['pareto front'] ?? '')).toBe(false);
  expect(existsSync(join(folder, 'best.yaml'))).toBe(false);
});

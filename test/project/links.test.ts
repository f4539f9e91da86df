import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openProject } from '../../src/project/project.ts';
import type { Outcome } from '../../src/model/problem.ts';
import { called, emptyFolder, write } from '../rig.ts';

const PIPELINE = `name: linked
sources: { images: images }
stages:
  count:
    run: 'find "$images" -type f | wc -l > "$out"; cat "$note" >> "$out"'
    in: { images: $sources.images, note: ./notes }
    out: { out: out.txt }
    tools: [find]
`;

function value<Value>(outcome: Outcome<Value>): Value {
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.problems));
  return outcome.value;
}

/** A project whose images are links to a cache beside it. */
function linked(): string {
  const folder = join(emptyFolder(), 'project');
  write(folder, {
    'linked.yaml': PIPELINE.replace('./notes', './notes/a.txt'),
    'notes/a.txt': 'a note',
    '../cache/dogs/1.png': 'one',
    '../cache/dogs/2.png': 'two',
  });
  mkdirSync(join(folder, 'images'));
  symlinkSync('../../cache/dogs', join(folder, 'images/dog'));
  return folder;
}

test('--follow-links reads what links lead to: plan and why tell what changed there, and its record is run again', async () => {
  const folder = linked();
  const refused = await called(folder, ['plan', 'linked.yaml']);
  expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining('links: follow } }, or --follow-links')]);
  const run = await called(folder, ['run', 'linked.yaml', '--follow-links', '--json']);
  expect(JSON.parse(run.stdout)).toMatchObject({ state: 'done', executed: ['count'] });
  const plan = async (): Promise<string> => (await called(folder, ['plan', 'linked.yaml', '--follow-links'])).stdout;
  expect(await plan()).toMatch(/1 reused/);
  writeFileSync(join(folder, '../cache/dogs/1.png'), 'uno');
  expect(await plan()).toMatch(/input images changed/);
  const why = await called(folder, ['why', 'linked.yaml', 'count', '--follow-links']);
  expect(why.stdout).toContain('input images');
  rmSync(join(folder, '../cache'), { recursive: true });
  const { verdicts } = value(await openProject({ folder }).reproduce('@latest'));
  expect(verdicts?.verdict).toBe('identical');
});

test('links: follow at a source, or --set, says so for it alone; a path that is set keeps what else is said', async () => {
  const folder = linked();
  const project = openProject({ folder });
  const sources = async (...set: string[]) => value(await project.plan('linked.yaml', { set })).pipeline.sources;
  const [links, images] = [{ links: 'follow' }, join(folder, 'images')];
  expect((await sources('sources.images.links=follow'))['images']).toEqual({ name: 'images', path: images, ...links });
  expect(await sources('sources.*.links=follow')).toMatchObject({ images: links, './notes/a.txt': links });
  write(folder, {
    'linked.yaml': PIPELINE.replace('images: images', 'images: { path: images, links: follow, keep: true }').replace(
      './notes',
      './notes/a.txt',
    ),
  });
  const there = join(folder, 'notes');
  expect((await sources(`sources.images=${there}`))['images']).toEqual({ name: 'images', path: there, keep: true, ...links });
  const problems = async (set: string) => {
    const planned = await project.plan('linked.yaml', { set: [set] });
    return planned.ok ? [] : planned.problems.map(({ message }) => message);
  };
  expect(await problems('sources.images.links=no')).toEqual(['--set sources.images.links=no: links can only be set to follow']);
  expect(await problems('sources.pictures.links=follow')).toEqual([
    '--set sources.pictures.links=follow: no source is named "pictures.links"',
  ]);
});

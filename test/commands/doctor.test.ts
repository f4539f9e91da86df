import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { SetupItem } from '../../src/project/project.ts';
import { openProject } from '../../src/project/project.ts';
import { called, emptyFolder, write } from '../rig.ts';
import { onScreen } from './on-screen.ts';

let folder: string;

beforeAll(async () => {
  folder = join(emptyFolder(), 'project');
  write(folder, {
    'artifacts/.gitignore': '*\n',
    'pipelines/one.yaml': "name: one\nstages:\n  one: { run: 'head -c 3000000 /dev/zero > $out', out: { out: out.bin } }\n",
  });
  expect((await called(folder, ['run', 'one'])).code).toBe(0);
});

async function items(at: string): Promise<Readonly<Record<string, SetupItem>>> {
  const { stdout } = await called(at, ['doctor', '--json']);
  return Object.fromEntries((JSON.parse(stdout) as { items: SetupItem[] }).items.map((item) => [item.name, item]));
}

describe('doctor', () => {
  test('tells of each thing whether it is set up, and of what is not how to get it', async () => {
    const found = Object.values(await items(folder));
    for (const { ok, optional, detail, hint } of found) expect(ok && optional !== true ? detail : hint).toBeTruthy();
    const { code, stdout } = await called(folder, ['doctor']);
    expect(code).toBe(found.every(({ ok, optional }) => ok || optional === true) ? 0 : 1);
    expect(stdout).toMatch(/^✔ Node\.js +v\d+/);
    expect(stdout).toMatch(/\n✔ store +\S/);
  });

  test('says which folder the project is, and by what it is known', async () => {
    expect((await items(join(folder, 'pipelines')))['project']?.detail).toBe(
      `${folder}, known by its artifacts: 1 pipeline, 0 stages of its own`,
    );
  });

  test('in a folder that is no project says so, and makes none of it', async () => {
    const empty = emptyFolder();
    const { project, store } = await items(empty);
    expect(project).toMatchObject({
      ok: true,
      detail: expect.stringContaining('the folder itself'),
      hint: expect.stringContaining('stillroom init'),
    });
    expect(store?.detail).toContain('none yet');
    expect(existsSync(join(empty, 'artifacts'))).toBe(false);
  });

  test('names commands whose Python packages do not count, and what to write', async () => {
    const project = emptyFolder();
    const node = (more: string): string => `{ run: python3 -c 1, out: { out: out.txt }, ${more} }`;
    write(project, {
      'pipeline.yaml': `name: p
stages:
  loose: ${node('tools: [python3]')}
  told: ${node('tools: [python3, { run: python3 -m pip freeze }]')}
  own: ${node('tools: [python3], environment: { venv: .venv }')}
`,
      'pipelines/broken.yaml': 'stages: [\n',
    });
    const { uv, 'Python packages': packages } = await items(project);
    expect(packages?.detail).toContain('those of loose of pipeline.yaml do not count');
    expect(packages?.hint).toContain('environment: { python: requirements.txt }');
    expect(uv?.ok).toBe(true);
    expect((await items(folder))['Python packages']).toBeUndefined();
  });

  test('says what takes room on the disk, and what gc would free', async () => {
    const { disk } = await items(folder);
    expect(disk?.detail).toMatch(/^[\d.]+ MiB: (?:latest\/|outputs and code) 2\.9 MiB, /);
    expect(disk?.hint).toBeUndefined();
    write(folder, { 'artifacts/scratch/left': 'x'.repeat(2 * 1024 * 1024) });
    expect((await items(folder))['disk']?.hint).toBe('npx stillroom gc (frees 2.0 MiB that no run needs)');
    const project = openProject({ folder });
    expect(await project.usage()).toMatchObject({ ok: true, value: { reclaimable: 2 * 1024 * 1024 } });
    project.close();
  });

  test.each([80, 40])('fits %i columns', async (columns) => {
    const { widest } = await onScreen(folder, ['doctor'], { columns });
    expect(widest).toBeLessThanOrEqual(columns);
  });
});

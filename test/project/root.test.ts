import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openProject } from '../../src/project/project.ts';
import { called, emptyFolder, write } from '../rig.ts';

const STAGE = {
  'stages/says/stage.ts': `import { defineStage } from 'stillroom';
export default defineStage({ about: 'Says.', params: {}, inputs: {}, outputs: { said: 'file.txt' }, run: () => import('./run.ts') });
`,
  'stages/says/run.ts': `import { writeFileSync } from 'node:fs';
import { work } from 'stillroom';
export default work(({ outputs }) => writeFileSync(outputs['said'] ?? '', 'said'));
`,
};
const USES = 'name: says\nstages:\n  one: { uses: says }\n';
const COMMAND = "name: says\nstages:\n  one: { run: 'echo > $out', out: { out: out.txt } }\n";

/** A folder that nothing makes a project, with files in it. */
function bare(files: Readonly<Record<string, string>>): string {
  const folder = emptyFolder();
  write(folder, files);
  return folder;
}

describe('without a repository and a package.json', () => {
  test.each([
    ['pipeline.yaml', '.', 'pipeline.yaml'],
    ['pipelines/says.yaml', '.', 'says'],
    ['pipelines/says.yaml', 'pipelines', 'says.yaml'],
    ['deep/inside/says.yaml', '.', 'deep/inside/says.yaml'],
    ['pipelines/says.yaml', 'data/raw', '../../pipelines/says.yaml'],
    ['pipelines/says.yaml', 'stages/says', 'says'],
  ])('%s finds the stages of its project from %s, and the store is there', async (file, from, word) => {
    const folder = bare({ ...STAGE, [file]: USES });
    mkdirSync(join(folder, from), { recursive: true });
    const { json } = await called(join(folder, from), ['run', word, '--json']);
    expect(json).toMatchObject({ executed: ['one'], failed: [] });
    expect(existsSync(join(folder, 'artifacts/runs'))).toBe(true);
    const again = await called(folder, ['runs', '--json']);
    expect(again.json.runs).toHaveLength(1);
  });

  test('a pipeline of commands in a folder pipelines keeps its store beside that folder', async () => {
    const folder = bare({ 'pipelines/says.yaml': COMMAND });
    expect((await called(join(folder, 'pipelines'), ['run', 'says.yaml', '--json'])).code).toBe(0);
    expect(existsSync(join(folder, 'artifacts/runs'))).toBe(true);
  });

  test('a pipeline that belongs to nothing keeps its store beside itself', async () => {
    const folder = bare({ 'any/where/says.yaml': COMMAND });
    expect((await called(folder, ['run', 'any/where/says.yaml', '--json'])).code).toBe(0);
    expect(existsSync(join(folder, 'any/where/artifacts/runs'))).toBe(true);
  });
});

test.each([
  ['stillroom.yaml', { 'stillroom.yaml': '' }],
  ['artifacts', { 'artifacts/.gitignore': '*' }],
  ['stages', STAGE],
  ['package.json', { 'package.json': '{}' }],
  ['.git', { '.git/HEAD': '' }],
])('a folder is known as a project by %s, from far below', (_mark, files) => {
  const folder = bare({ ...files, 'a/pipelines/b.yaml': COMMAND, 'a/stages/notes.txt': '' });
  mkdirSync(join(folder, 'a/b/c'), { recursive: true });
  expect(openProject({ folder: join(folder, 'a/b/c') }).root).toBe(folder);
});

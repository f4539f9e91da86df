import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { called, type Ended, emptyFolder, write } from '../rig.ts';

const pipeline = (name: string): string => `name: ${name}
params: { times: 2 }
sources: { poem: poem.txt }
stages:
  copy: { run: 'cat "$poem" > "$out"', in: { poem: $sources.poem }, with: { times: $times }, out: { out: out.txt }, tools: [cat] }
`;

const poem = { 'poem.txt': 'one\n', 'pipelines/poem.txt': 'two\n' };

/** A project with these pipelines. */
function project(files: Record<string, string>): string {
  const folder = emptyFolder();
  write(folder, { 'artifacts/.gitignore': '*\n', ...poem, ...files });
  return folder;
}

async function hintOf(ended: Promise<Ended>): Promise<string> {
  const { code, json } = await ended;
  expect(code).toBe(2);
  return `${json.error?.message}; ${json.error?.hint}`;
}

describe('a command without a pipeline', () => {
  test('takes the only one of the project, wherever it lies', async () => {
    for (const path of ['demo.yaml', 'pipelines/demo.yml']) {
      const folder = project({ [path]: pipeline('demo'), 'stillroom.yaml': 'executors: {}\n', 'dvc.yaml': 'stages:\n  a: { cmd: ls }\n' });
      write(folder, { 'deeper/below/x': '' });
      expect((await called(folder, ['run', '--json'])).json.executed).toEqual(['copy']);
      for (const place of [folder, join(folder, 'deeper/below')]) {
        expect((await called(place, ['plan', '--json'])).json.nodes).toMatchObject([{ node: 'copy', action: 'reuse' }]);
        expect((await called(place, ['why', '--json'])).json.nodes).toMatchObject([{ node: 'copy' }]);
      }
      const swept = await called(folder, ['sweep', '--over', 'times=3,4', '--strategy', 'grid', '--format', 'csv']);
      expect([swept.code, swept.stdout.trim().split('\n')]).toMatchObject([0, { length: 3 }]);
    }
  });

  test('says which there are where there are several, and how to begin where there is none', async () => {
    const folder = project({ 'one.yaml': pipeline('one'), 'pipelines/two.yaml': pipeline('two') });
    for (const verb of ['run', 'plan', 'why', 'sweep']) {
      expect(await hintOf(called(folder, [verb, '--json']))).toBe(
        'no pipeline is named, and the project has 2; name one of them: one.yaml, pipelines/two.yaml',
      );
      const none = await hintOf(called(project({}), [verb, '--json']));
      expect(none).toMatch(/^there is no pipeline here; write one with: stillroom init; Stillroom brings: .*quickstart/);
    }
  });
});

describe('a pipeline', () => {
  test.each(['demo.yaml', 'demo.yml', 'pipelines/demo.yaml', 'pipelines/demo.yml'])(
    'is found by name as %s, from below too',
    async (path) => {
      const folder = project({ [path]: pipeline('x'), 'pipelines/other.yaml': pipeline('other'), 'below/x': '' });
      for (const place of [folder, join(folder, 'below')]) expect((await called(place, ['plan', 'demo'])).code).toBe(0);
    },
  );

  test('is found by what it calls itself, and a folder of its name is not in the way', async () => {
    const folder = project({ 'pipelines/a.yaml': pipeline('poems'), 'pipelines/b.yaml': pipeline('b'), 'poems/x': '', 'b/x': '' });
    for (const name of ['poems', 'b'])
      expect((await called(folder, ['plan', name, '--json'])).json.nodes).toMatchObject([{ node: 'copy' }]);
  });

  test('that is not there is answered with the nearest name: a file, what it calls itself, a recipe', async () => {
    const folder = project({ 'pipelines/a.yaml': pipeline('poems'), 'letters.yaml': pipeline('x') });
    expect(await hintOf(called(folder, ['run', 'letrers', '--json']))).toBe('letrers does not exist; did you mean "letters"?');
    expect(await hintOf(called(folder, ['run', 'leters.yaml', '--json']))).toBe('leters.yaml does not exist; did you mean "letters.yaml"?');
    expect(await hintOf(called(folder, ['plan', 'peoms', '--json']))).toBe('peoms does not exist; did you mean "poems"?');
    expect(await hintOf(called(folder, ['run', 'fashion-2002', '--json']))).toBe(
      'fashion-2002 does not exist; did you mean "fashion-2020"?',
    );
    const all = await hintOf(called(folder, ['run', 'something-else', '--json']));
    expect(all).toMatch(/; there are: letters\.yaml, pipelines\/a\.yaml; Stillroom brings: .*quickstart/);
  });
});

describe('a recipe of Stillroom', () => {
  test('is planned by its name in any project: what it does not bring is read where it would lie beside it there', async () => {
    const folder = project({});
    const { code, json } = await called(folder, ['plan', 'fashion-2020', '--json']);
    expect([code, json.error?.code]).toEqual([3, 'missing-source']);
    expect(json.error?.hint).toContain(`looked at ${join(folder, 'pipelines/fashion-2020')};`);
    mkdirSync(join(folder, 'pipelines/fashion-2020/cat'), { recursive: true });
    expect((await called(folder, ['plan', 'fashion-2020', '--only', 'data', '--json'])).code).toBe(0);
    const planned = await called(folder, ['plan', 'quickstart', '--json']);
    expect([planned.code, planned.json.nodes?.[0]?.node]).toEqual([0, 'data']);
    expect(existsSync(join(folder, 'artifacts/pipeline.schema.json'))).toBe(true);
    write(folder, { 'stages/mix-labels/stage.ts': 'broken' });
    expect((await called(folder, ['plan', 'quickstart', '--json'])).json.error?.message).toContain('stages/mix-labels/stage.ts');
  });

  test('gives way to a pipeline of the project that has its name', async () => {
    const folder = project({ 'quickstart.yaml': pipeline('quickstart') });
    expect((await called(folder, ['plan', 'quickstart', '--json'])).json.nodes).toHaveLength(1);
  });
});

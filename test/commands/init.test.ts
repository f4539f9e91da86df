import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { called, checkout, edit, emptyFolder, write } from '../rig.ts';

/** What the TypeScript compiler says of a project whose packages are installed. */
function check(folder: string): string {
  const { stdout, stderr } = spawnSync(process.execPath, [join(checkout, 'node_modules/typescript/bin/tsc'), '--noEmit'], {
    cwd: folder,
    encoding: 'utf8',
  });
  return stdout + stderr;
}

/** What `init --json` says. */
interface Made {
  readonly files: readonly string[];
  readonly left: readonly string[];
  readonly linked: readonly string[];
  readonly example: boolean;
}

async function made(folder: string, ...args: readonly string[]): Promise<Made> {
  const { code, stdout } = await called(folder, ['init', ...args, '--json']);
  expect(code).toBe(0);
  return JSON.parse(stdout) as Made;
}

const read = (folder: string, path: string): string => readFileSync(join(folder, path), 'utf8');

const EXAMPLE = ['data/poem.txt', 'pipeline.yaml', 'stages/count-words/run.ts', 'stages/count-words/stage.ts'];
const AROUND = ['.gitignore', '.vscode/extensions.json', '.vscode/settings.json', 'artifacts/.gitignore', 'package.json', 'tsconfig.json'];

describe('init', () => {
  test('writes a commented pipeline and a stage that run at once', async () => {
    const folder = emptyFolder();
    const { files, left, linked, example } = await made(folder, 'mine');
    expect(files).toEqual([...EXAMPLE, ...AROUND].toSorted());
    expect([left, linked, example]).toEqual([[], ['stillroom', '@types/node'], true]);
    const { json } = await called(join(folder, 'mine'), ['run', 'pipeline.yaml', '--json']);
    expect(json).toMatchObject({ executed: ['words', 'report'], failed: [] });
    expect(readFileSync(json.outputs?.['report.report'] ?? '', 'utf8')).toContain('# The commonest words');
  });

  test('touches nothing that is there, adds what is missing, and says so', async () => {
    const folder = join(emptyFolder(), 'mine');
    write(folder, { 'pipeline.yaml': 'name: mine\n', 'package.json': '{}', '.vscode/settings.json': '{}', '.gitignore': 'x\n' });
    const first = await called(folder, ['init']);
    expect(first.stdout).toContain('no example was written: pipeline.yaml is there already');
    expect(first.stdout).toContain('left as it was:\n  .gitignore\n  .vscode/settings.json\n');
    expect(['pipeline.yaml', 'package.json', '.vscode/settings.json', '.gitignore'].map((file) => read(folder, file))).toEqual([
      'name: mine\n',
      '{}',
      '{}',
      'x\n',
    ]);
    expect(existsSync(join(folder, 'data'))).toBe(false);
    rmSync(join(folder, 'tsconfig.json'));
    expect(await made(folder)).toMatchObject({ files: ['tsconfig.json'], linked: [], example: false });
  });

  test('writes no example beside pipelines, and no package.json within a package', async () => {
    const folder = emptyFolder();
    write(folder, { '.git/HEAD': '', 'package.json': '{}', 'experiments/pipelines/a.yaml': 'name: a\n', 'alone/a.txt': '' });
    expect(await made(folder, 'experiments')).toMatchObject({ files: AROUND.filter((file) => file !== 'package.json'), example: false });
    rmSync(join(folder, '.git'), { recursive: true });
    expect((await made(folder, 'alone')).files).toContain('package.json');
    expect(JSON.parse(read(folder, 'alone/package.json'))).toMatchObject({ name: 'alone', private: true, type: 'module' });
  });

  test('writes the schemas that an editor is pointed to, with all stages and executors, before the first run', async () => {
    const folder = join(emptyFolder(), 'mine');
    await made(join(folder, '..'), 'mine');
    const settings = JSON.parse(read(folder, '.vscode/settings.json').replaceAll(/^ *\/\/.*$/gm, '')) as {
      readonly 'yaml.schemas': Readonly<Record<string, unknown>>;
    };
    const [line = ''] = read(folder, 'pipeline.yaml').split('\n');
    const schemas = Object.keys(settings['yaml.schemas']);
    expect(schemas.map((path) => path.replace('./', ''))).toContain(line.replace('# yaml-language-server: $schema=', ''));
    const [pipeline, project] = schemas.map((path) => read(folder, path));
    expect(pipeline).toContain('The letters of the shortest word that is counted.');
    expect(pipeline).toContain('train-student');
    expect(project).toContain('detached');
  });

  test('mends links to a Stillroom that has gone', async () => {
    const folder = emptyFolder();
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync('/nowhere', join(folder, 'node_modules/stillroom'));
    expect((await made(folder)).linked).toContain('stillroom');
    expect(read(folder, 'node_modules/stillroom/package.json')).toContain('"name": "stillroom"');
    expect((await made(folder)).linked).toEqual([]);
  });
});

describe('a project made by init', () => {
  let folder: string;
  beforeAll(async () => {
    folder = join(emptyFolder(), 'mine');
    await made(join(folder, '..'), 'mine');
  });

  test('type-checks as it is', () => {
    expect(check(folder)).toBe('');
  });

  test('may use the toolkit, its declarations and data files', () => {
    write(folder, {
      'stages/look/labels.txt': 'cat\n',
      'stages/look/table.bin': '\0',
      'stages/look/names.json': '["cat"]',
      'stages/look/stage.ts': `import { defineStage } from 'stillroom';
import { patience } from 'stillroom/training';
export default defineStage({ about: 'Looks.', params: { patience }, inputs: { data: 'dir' }, outputs: {}, run: () => import('./run.ts') });
`,
      'stages/look/run.ts': `import { work } from 'stillroom';
import { openDataset } from 'stillroom/nn';
import labels from './labels.txt';
import names from './names.json';
import table from './table.bin';
import type stage from './stage.ts';
export default work<typeof stage>(({ inputs, params, log }) => {
  log(labels.trim() + names[0]?.length + table.byteLength + openDataset(inputs.data).info.count + params.patience.toFixed());
});
`,
    });
    expect(check(folder)).toBe('');
  });

  test.each([
    ['run.ts', 'inputs.text', 'inputs.txt', "Property 'txt' does not exist"],
    ['run.ts', 'outputs.counts', 'outputs.count', "Did you mean 'counts'?"],
    ['run.ts', 'params.least', 'params.last', "Property 'last' does not exist"],
    ['run.ts', "metric('words'", "metric('wrods'", '"wrods"'],
    ['stage.ts', "kind: 'file',", "kind: 'flie',", '"flie"'],
    ['stage.ts', "kind: 'file.tsv'", "kind: 'fil.tsv'", '"fil.tsv"'],
    ['stage.ts', 'param.int({ min: 1, default: 1,', 'param.int({ least: 1, default: 1,', "'least' does not exist"],
  ])('does not compile with a misnamed member: in %s, %s as %s', (file, right, wrong, message) => {
    const path = `stages/count-words/${file}`;
    edit(folder, path, right, wrong);
    try {
      expect(check(folder)).toContain(message);
    } finally {
      edit(folder, path, wrong, right);
    }
  });
});

describe('init --from', () => {
  test('copies a recipe with all that comes with it, and it can be planned at once', async () => {
    const folder = emptyFolder();
    const { code, stdout } = await called(folder, ['init', '--from', 'quickstart', 'a b']);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/next:\n {2}cd 'a b'\n {2}npx stillroom run quickstart\n$/)]);
    const own = join(folder, 'a b');
    expect(readFileSync(join(own, 'pipelines/quickstart/card.py'))).toEqual(readFileSync(join(checkout, 'pipelines/quickstart/card.py')));
    expect(existsSync(join(own, 'pipeline.yaml'))).toBe(false);
    const planned = await called(own, ['plan', 'quickstart', '--only', 'card', '--json']);
    expect(planned.code).toBe(0);
    expect((await called(own, ['plan', '--only', 'data', '--json'])).json.nodes).toMatchObject([{ node: 'data', action: 'run' }]);
  });

  test('says what data a recipe needs, where they go and how they are got; what is there is left as it is', async () => {
    const folder = emptyFolder();
    write(folder, { 'pipelines/fashion-2020.yaml': 'mine' });
    const { stdout } = await called(folder, ['init', '--from', 'fashion-2020']);
    expect(stdout).toMatch(
      /it needs:\n {2}pipelines\/fashion-2020 +put a folder for each class .*\nwhen it is there:\n {2}npx stillroom run fashion-2020\n$/,
    );
    expect(readFileSync(join(folder, 'pipelines/fashion-2020.yaml'), 'utf8')).toBe('mine');
  });

  test('knows the recipes by name', async () => {
    const { code, json } = await called(emptyFolder(), ['init', '--from', 'quickstrat', '--json']);
    expect([code, json.error?.hint]).toEqual([2, 'did you mean "quickstart"?']);
  });
});

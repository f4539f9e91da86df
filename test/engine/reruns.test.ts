import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { asAnotherUser, copyOf, edit, giveAway, installationCopy, runAndCheckPlan, stillroom, write } from '../rig.ts';
import { lose, rot } from '../stored.ts';
import { moved, recipe, recipeEnvironment } from './project.ts';

const otherUser = asAnotherUser();

const pipeline = 'pipelines/recipe.yaml';
const teachers = ['teacher[fold=0]', 'teacher[fold=1]', 'teacher[fold=2]'];
const everything = ['average', 'card', 'data', 'oof', 'split', 'student', ...teachers];

let base: string;

beforeAll(async () => {
  base = recipe();
  const first = await stillroom(base, ['run', pipeline, '--json'], { env: recipeEnvironment(base) });
  expect(first.stderr + JSON.stringify(first.json.error ?? '')).not.toContain('error');
  expect([...(first.json.executed ?? [])].sort()).toEqual(everything);
});

/** What a run of a changed copy executes; its plan is checked too. */
async function executedAfter(
  change: (folder: string) => void,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<string[]> {
  const folder = copyOf(base);
  change(folder);
  return runAndCheckPlan(folder, [pipeline, ...args], { env: { ...recipeEnvironment(folder), ...env } });
}

function digestOf(folder: string, node: string, port: string): string {
  const [run = ''] = readdirSync(join(folder, 'artifacts/runs'));
  const record = JSON.parse(readFileSync(join(folder, 'artifacts/runs', run), 'utf8')) as {
    nodes: Record<string, { outputs: Record<string, { digest: string }> }>;
  };
  return record.nodes[node]?.outputs[port]?.digest ?? '';
}

describe('nothing is executed', () => {
  test('when nothing changed, in another folder and with other --jobs', async () => {
    expect(await executedAfter(() => undefined)).toEqual([]);
    expect(await executedAfter(() => undefined, ['--jobs', '1'])).toEqual([]);
  });

  test('when a node is renamed', async () => {
    const rename = (folder: string): void => {
      edit(folder, pipeline, '  oof: {', '  gathered: {');
      edit(folder, pipeline, 'oof.predictions', 'gathered.predictions');
    };
    expect(await executedAfter(rename)).toEqual([]);
  });

  test('when the file moves', async () => {
    const folder = copyOf(base);
    renameSync(join(folder, pipeline), join(folder, 'moved.yaml'));
    edit(folder, 'moved.yaml', '../data/images', 'data/images');
    expect(await runAndCheckPlan(folder, ['moved.yaml'], { env: recipeEnvironment(folder) })).toEqual([]);
  });

  test('when the project moves, and under another umask, time zone and locale', async () => {
    const folder = moved(copyOf(base));
    const env = { ...recipeEnvironment(folder), TZ: 'Asia/Tokyo', LANG: 'tr_TR.UTF-8', LC_ALL: 'C' };
    expect(await runAndCheckPlan(folder, [pipeline], { env, wrapper: ['sh', '-c', 'umask 077; exec "$@"', 'sh'] })).toEqual([]);
  });

  test.runIf(otherUser !== undefined)('when another user runs it', async () => {
    const folder = copyOf(base);
    giveAway(join(folder, '..'));
    const env = { ...recipeEnvironment(folder), HOME: folder, XDG_CACHE_HOME: join(folder, '.cache') };
    expect(await runAndCheckPlan(folder, [pipeline], { env, wrapper: otherUser ?? [] })).toEqual([]);
  });

  test('when a comment, a licence line, the formatting, an about text or an unused export is added to code', async () => {
    expect(
      await executedAfter((folder) => {
        edit(folder, 'stages/learn/run.ts', 'export default', '/*! licence */\n// A comment.\nexport   default');
        edit(
          folder,
          'stages/learn/models/small.ts',
          'export default',
          '/** @license MIT */\nexport const unused = (text: string) => text + 1;\nexport default',
        );
        edit(folder, 'stages/learn/stage.ts', "about: 'Learns what", "about: 'Still learns what");
        edit(folder, 'stages/learn/stage.ts', "data: 'dir'", "data: { kind: 'dir', about: 'What is learned from.' }");
        edit(folder, 'stages/learn/models/small.ts', 'export default', "export const about = 'A small one.';\nexport default");
        edit(folder, pipeline, 'about: The shape', 'about: Still the shape');
      }),
    ).toEqual([]);
  });

  test('when a model file is added beside the others', async () => {
    expect(
      await executedAfter((folder) =>
        write(folder, { 'stages/learn/models/medium.ts': 'export default (text: string): string => text;\n' }),
      ),
    ).toEqual([]);
  });

  test('when a choice with params is added, or what choices that are not chosen say of theirs changes', async () => {
    const added = `import { param } from 'stillroom';
export const params = () => ({ width: param.int({ default: 1 }) });
export default ({ width }: { width: number }) => (text: string): string => text + width;
`;
    expect(
      await executedAfter((folder) => {
        write(folder, { 'stages/learn/models/wide.ts': added });
        edit(folder, 'stages/learn/models/large.ts', "default: '=', about: 'What stands", "default: '+', about: 'All that stands");
      }),
    ).toEqual([]);
  });

  test('when a source is touched', async () => {
    expect(await executedAfter((folder) => utimesSync(join(folder, 'data/images/cat.txt'), 1, 1))).toEqual([]);
  });

  test('when an undeclared variable is set: it does not reach the child', async () => {
    expect(await executedAfter(() => undefined, [], { UNDECLARED: 'set' })).toEqual([]);
    const folder = copyOf(base);
    const forced = await stillroom(folder, ['run', pipeline, '--force', 'card', '--json'], {
      env: { ...recipeEnvironment(folder), UNDECLARED: 'set' },
    });
    expect(readFileSync(forced.json.outputs?.['card.card'] ?? '', 'utf8')).not.toContain('UNDECLARED');
  });

  test('when a param is set back to its old value', async () => {
    const folder = copyOf(base);
    const options = { env: recipeEnvironment(folder) };
    expect(await runAndCheckPlan(folder, [pipeline, '--set', 'student.lr=0.5'], options)).toEqual(['average', 'card', 'student']);
    expect(await runAndCheckPlan(folder, [pipeline], options)).toEqual([]);
    expect(await runAndCheckPlan(folder, [pipeline, '--set', 'student.lr=0.5'], options)).toEqual([]);
  });
});

describe('only what is downstream of a change is executed', () => {
  test('a param of the student', async () => {
    expect(await executedAfter(() => undefined, ['--set', 'student.lr=0.02'])).toEqual(['average', 'card', 'student']);
  });

  test('another module of the student', async () => {
    expect(await executedAfter(() => undefined, ['--set', 'student.model=large'])).toEqual(['average', 'card', 'student']);
  });

  test("the chosen module's params: their values, but not what is said of them", async () => {
    const folder = copyOf(base);
    const options = { env: recipeEnvironment(folder) };
    const chosen = [pipeline, '--set', 'student.model=large'];
    const student = ['average', 'card', 'student'];
    expect(await runAndCheckPlan(folder, chosen, options)).toEqual(student);
    edit(folder, 'stages/learn/models/large.ts', 'What stands', 'All that stands');
    expect(await runAndCheckPlan(folder, chosen, options)).toEqual([]);
    expect(await runAndCheckPlan(folder, [...chosen, '--set', 'student.model.mark=+'], options)).toEqual(student);
    edit(folder, 'stages/learn/models/large.ts', "default: '='", "default: '+'");
    expect(await runAndCheckPlan(folder, chosen, options)).toEqual([]);
    const why = await stillroom(
      folder,
      ['why', pipeline, 'student', '--set', 'student.model=large', '--set', 'student.model.mark=~'],
      options,
    );
    expect(why.stdout).toContain('param model.mark changed: + → ~');
    const found = await stillroom(folder, ['runs', '--where', 'student.model.mark=+ and student.model=large', '--json'], options);
    const [newest, before] = found.json.runs ?? [];
    expect(found.json.runs).toHaveLength(2);
    const first = await stillroom(folder, ['runs', '--where', 'student.model=small', '--json'], options);
    const diff = await stillroom(folder, ['diff', first.json.runs?.at(-1)?.run ?? '', newest?.run ?? '']);
    expect(diff.stdout).toMatch(/student\.model +small → large\n +student\.model\.mark +none → \+\n/);
    expect((await stillroom(folder, ['diff', before?.run ?? '', newest?.run ?? ''])).stdout).not.toContain('student.model');
  });

  test('the epochs of the teachers', async () => {
    expect(await executedAfter(() => undefined, ['--set', 'teacher.epochs=3'])).toEqual(['average', 'card', 'oof', 'student', ...teachers]);
  });

  test('one instance', async () => {
    expect(await executedAfter(() => undefined, ['--set', 'teacher[fold=2].epochs=3'])).toEqual([
      'average',
      'card',
      'oof',
      'student',
      'teacher[fold=2]',
    ]);
  });

  test('the order of the folds: oof alone, and its bytes stay', async () => {
    expect(await executedAfter((folder) => edit(folder, pipeline, 'fold: [0, 1, 2]', 'fold: [2, 0, 1]'))).toEqual(['oof']);
  });

  test("a stage's run.ts, and a data file that it imports", async () => {
    expect(
      await executedAfter((folder) =>
        edit(folder, 'stages/learn/run.ts', "readFileSync(inputs.predictions, 'utf8')", "readFileSync(inputs.predictions, 'utf8') + 'x'"),
      ),
    ).toEqual(['average', 'card', 'student']);
    expect(await executedAfter((folder) => edit(folder, 'stages/prepare/labels.json', 'animal', 'beast'))).toEqual(everything);
  });

  test("a linked workspace package's code", async () => {
    expect(await executedAfter((folder) => edit(folder, 'packages/common/index.js', 'teacher of', 'master of'))).toEqual([
      'average',
      'card',
      'oof',
      'student',
      ...teachers,
    ]);
  });

  test('a package with native code: its version, and one that it depends on', async () => {
    const version = (folder: string): void => {
      edit(folder, 'node_modules/native-package/package.json', '1.0.0', '1.0.1');
      edit(folder, 'node_modules/native-package/index.js', 'native ', 'newer ');
    };
    expect(await executedAfter(version)).toEqual(['average', 'card', 'student']);
    const transitive = (folder: string): void => {
      edit(folder, 'node_modules/.package-lock.json', 'sha512-below', 'sha512-newer');
      edit(folder, 'node_modules/below/index.js', "'below'", "'newer'");
    };
    expect(await executedAfter(transitive)).toEqual(['average', 'card', 'student']);
  });

  test("one image's bytes, and an edit that keeps size and mtime", async () => {
    expect(await executedAfter((folder) => writeFileSync(join(folder, 'data/images/cat.txt'), 'lion\n'))).toEqual(everything);
    const folder = copyOf(base);
    const image = join(folder, 'data/images/cat.txt');
    const options = { env: recipeEnvironment(folder) };
    expect(await runAndCheckPlan(folder, [pipeline], options)).toEqual([]);
    const { atime, mtime } = lstatSync(image);
    writeFileSync(image, 'bat\n');
    utimesSync(image, atime, mtime);
    expect(await runAndCheckPlan(folder, [pipeline], options)).toEqual(everything);
  });

  test('an upstream node that is rebuilt to identical bytes: that node alone', async () => {
    expect(await executedAfter(() => undefined, ['--force', 'split'])).toEqual(['split']);
    expect(await executedAfter(() => undefined, ['--set', 'data.unused=1'])).toEqual(['data']);
  });

  test('a result whose blob is deleted or damaged: the node that made it', async () => {
    expect(await executedAfter((folder) => lose(join(folder, 'artifacts'), digestOf(folder, 'oof', 'predictions')))).toEqual(['oof']);
    const damage = (folder: string): void => rot(join(folder, 'artifacts'), digestOf(folder, 'student', 'model'));
    expect(await executedAfter(damage)).toEqual(['student']);
  });

  test('a declared variable and a declared tool', async () => {
    expect(await executedAfter(() => undefined, [], { GREETING: 'good day' })).toEqual(['card']);
    expect(await executedAfter((folder) => edit(folder, 'tools/chosen-tool', 'echo tool', 'echo newer'))).toEqual(['card']);
  });
});

describe("Stillroom's own code", () => {
  test('in src/nn reruns the stages that reach it; a comment or a new model there reruns nothing', async () => {
    const folder = copyOf(base);
    const installation = installationCopy();
    const options = { env: recipeEnvironment(folder), installation };
    write(installation, { 'src/nn/models/another-model.ts': 'export default () => ({ layers: [], output: "" });\n' });
    edit(installation, 'src/nn/weights/tensor.ts', 'export ', '// A comment.\nexport ');
    expect(await runAndCheckPlan(folder, [pipeline], options)).toEqual([]);
    edit(installation, 'src/nn/weights/tensor.ts', 'product * extent', 'product * extent * 1.5');
    expect(await runAndCheckPlan(folder, [pipeline], options)).toEqual(['average', 'card']);
  });

  test('an upgrade of esbuild reruns nothing, though it bundles differently', async () => {
    const folder = copyOf(base);
    const installation = installationCopy();
    const real = join(installation, 'node_modules/esbuild');
    renameSync(real, join(installation, 'node_modules/esbuild-before'));
    mkdirSync(real);
    write(real, {
      'package.json': '{ "name": "esbuild", "version": "99.0.0", "type": "module", "main": "main.js" }',
      'main.js': `import * as before from 'esbuild-before';
export { transform } from 'esbuild-before';
export async function build(options) {
  const built = await before.build(options);
  for (const file of (built.outputFiles ?? []).filter(({ path }) => !path.endsWith('.map'))) {
    const text = 'globalThis.upgraded = true;' + file.text;
    Object.defineProperty(file, 'text', { value: text });
  }
  return built;
}
`,
    });
    const options = { env: recipeEnvironment(folder), installation };
    expect(await runAndCheckPlan(folder, [pipeline], options)).toEqual([]);
    edit(folder, 'stages/learn/run.ts', '${params.lr}', '${params.lr}!');
    expect(await runAndCheckPlan(folder, [pipeline], options)).toEqual(['average', 'card', 'student']);
  });
});

describe('a source that is edited while its reader runs', () => {
  const slow =
    'name: slow\nsources: { images: { path: ../data/images, keep: KEEP } }\nstages:\n  read:\n    run: |\n      cp "$images"/* "$copy"; sleep 1\n    in: { images: $sources.images }\n    out: { copy: copied/ }\n';
  const copiedIn = (folder: string): boolean => {
    const scratch = join(folder, 'artifacts/scratch');
    return existsSync(scratch) && readdirSync(scratch).some((attempt) => existsSync(join(scratch, attempt, 'work/copied/owl.txt')));
  };
  const editWhileRunning = async (keep: boolean): Promise<{ folder: string; run: Awaited<ReturnType<typeof stillroom>> }> => {
    const folder = copyOf(base);
    // Other bytes than those that the recipe's run has kept already.
    write(folder, { 'data/images/hen.txt': 'hen\n', 'pipelines/slow.yaml': slow.replace('KEEP', String(keep)) });
    const running = stillroom(folder, ['run', 'pipelines/slow.yaml', '--json'], { env: recipeEnvironment(folder) });
    while (!copiedIn(folder)) await new Promise((resolve) => setTimeout(resolve, 20));
    writeFileSync(join(folder, 'data/images/cat.txt'), 'tiger\n');
    return { folder, run: await running };
  };

  test('fails the node by name and records nothing, where the source is not kept', async () => {
    const { folder, run } = await editWhileRunning(false);
    expect(run.code).toBe(1);
    expect(run.json.error?.code).toBe('source-changed');
    expect(run.json.error?.message).toContain('images');
    expect(run.json.failed).toEqual(['read']);
    const again = await stillroom(folder, ['run', 'pipelines/slow.yaml', '--json'], { env: recipeEnvironment(folder) });
    expect(again.json.executed).toEqual(['read']);
  });

  test('is not seen by the node, which reads the kept bytes that were hashed', async () => {
    const { folder, run } = await editWhileRunning(true);
    expect(run.code).toBe(0);
    const again = await stillroom(folder, ['run', 'pipelines/slow.yaml', '--json'], { env: recipeEnvironment(folder) });
    expect(again.json.executed).toEqual(['read']);
  });
});

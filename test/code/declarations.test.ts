import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import { editSealed } from '../rig.ts';
import { findStage } from '../../src/code/declarations.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'declarations-'));
});

function write(path: string, text: string): string {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

/** A stage whose declaration is the given text. */
function stageOf(text: string): string {
  return write('stages/one/stage.ts', text);
}

const find = () => findStage('one', root, join(root, 'cache'));

/** The members of a declaration that is otherwise whole. */
const declared = (members: string, run = "() => import('./run.ts')") =>
  `import { defineStage, param } from 'stillroom';\nexport default defineStage({ about: 'A.', ${members}, run: ${run} } as never);\n`;

async function problems(): Promise<readonly { readonly message: string; readonly hint?: string }[]> {
  const found = await find();
  return found.ok ? [] : found.problems;
}

describe('a declaration', () => {
  test('is read as JSON, with the file of its work', async () => {
    stageOf(
      declared(
        "params: { rate: param.number({ min: 0, default: 1 }) }, inputs: { data: 'dir?' }, outputs: { out: 'file.tar.gz' }, metrics: { a: {} }",
      ),
    );
    const found = await find();
    expect(found).toMatchObject({
      ok: true,
      value: {
        folder: join(root, 'stages/one'),
        declaration: {
          about: 'A.',
          params: { rate: { optional: true, schema: { type: 'number', minimum: 0, default: 1 } } },
          inputs: { data: 'dir?' },
          outputs: { out: { kind: 'file', suffix: '.tar.gz', measured: false } },
          metrics: { a: {} },
          run: './run.ts',
        },
      },
    });
  });

  test.each([
    ["() => import('./work.ts')", './work.ts'],
    ["async () => {\n  return await import(/* here */ '../shared/work.ts');\n}", '../shared/work.ts'],
    ['() => import(`./work.ts`)', './work.ts'],
  ])('names its work: %s', async (run, path) => {
    stageOf(declared("outputs: { out: 'dir' }", run));
    expect(await find()).toMatchObject({ ok: true, value: { declaration: { run: path } } });
  });

  test('names its work by a function that stands elsewhere in it', async () => {
    stageOf(
      "import { defineStage } from 'stillroom';\nconst run = () => import('./work.ts');\nexport default defineStage({ about: 'A.', outputs: { out: 'dir' }, run });\n",
    );
    expect(await find()).toMatchObject({ ok: true, value: { declaration: { run: './work.ts' } } });
  });

  test('says what its ports hold, beside what they are', async () => {
    stageOf(
      declared(
        "inputs: { a: { kind: 'dir[]?', about: 'All of them.' }, b: 'file' }, outputs: { out: { kind: 'file.csv', about: 'A table.' }, time: { kind: 'dir', measured: true, about: 'Times.' } }",
      ),
    );
    expect(await find()).toMatchObject({
      ok: true,
      value: {
        declaration: {
          inputs: { a: 'dir[]?', b: 'file' },
          outputs: { out: { kind: 'file', suffix: '.csv', measured: false }, time: { kind: 'dir', suffix: '', measured: true } },
          portsAbout: { inputs: { a: 'All of them.' }, outputs: { out: 'A table.', time: 'Times.' } },
        },
      },
    });
  });

  test('may not compute which work it is, and is told where it does', async () => {
    stageOf(declared("outputs: { out: 'dir' }", "() => import('./' + String('run.ts'))"));
    expect(await find()).toMatchObject({ ok: false, problems: [{ code: 'escaping-code', place: { line: 2 } }] });
  });

  test.each(['() => Promise.resolve({})', '() => new Promise(() => undefined)', '() => { throw new Error("no") }', '"./run.ts"'])(
    'must import its work: %s does not',
    async (run) => {
      stageOf(declared("outputs: { out: 'dir' }", run));
      expect(await find()).toMatchObject({ ok: false, problems: [{ code: 'bad-stage' }] });
    },
  );

  test.each([
    ["inputs: { x: 'dirr' }, outputs: { out: 'dir' }", '"x" is of no known kind: "dirr"', 'did you mean "dir"?'],
    ["inputs: { x: 'file.json' }, outputs: { out: 'dir' }", '"x"', 'did you mean "file"?'],
    ["outputs: { out: 'flie' }", '"out" is of no known kind: "flie"', 'did you mean "file"?'],
    ["outputs: { out: 'dir[]' }", '"out"', 'dir'],
    ["outputs: { out: { kind: 'file.json' } }", '"out" is written as a mapping', "out: 'file.json'"],
    ["inputs: { x: { kind: 'dir' } }, outputs: { out: 'dir' }", '"x" is written as a mapping', "x: 'dir'"],
    ["inputs: { x: { kind: 'dirr', about: 'A.' } }, outputs: { out: 'dir' }", '"x" is of no known kind: "dirr"', 'did you mean "dir"?'],
    ["inputs: { x: { kind: 'dir', abuot: 'A.' } }, outputs: { out: 'dir' }", 'the input "x" has no "abuot"', 'did you mean "about"?'],
    ["outputs: { out: { kind: 'dir', about: 3 } }", '"about" of "out" is not a text', 'one sentence'],
    ["outputs: { out: { kind: 'dir', measured: 'yes' } }", '"measured" of the output "out" is "yes"', 'measured: true'],
    ["outputs: { out: { kind: 'file', measurd: true } }", 'the output "out" has no "measurd"', 'did you mean "measured"?'],
    ["outputs: ['dir']", '"outputs" is not a mapping', 'outputs:'],
    ["outputs: { 'a.b': 'dir' }", '"a.b" in "outputs" is not a name', 'letter'],
    ["params: { rate: 0.1 }, outputs: { out: 'dir' }", 'the param "rate" was not made by param', 'param.int'],
    ["params: { rate: param.number }, outputs: { out: 'dir' }", 'the param "rate" was not made by param', 'param.int'],
    ["metrics: { top1: { gaol: 'maximize' } }, outputs: { out: 'dir' }", 'the metric "top1" has no "gaol"', 'did you mean "goal"?'],
    ["metrics: { top1: { goal: 'maximise' } }, outputs: { out: 'dir' }", 'the goal of the metric "top1" is "maximise"', '"maximize"'],
    ["metrics: { top1: { tolerance: -1 } }, outputs: { out: 'dir' }", 'the tolerance of the metric "top1"', 'at least 0'],
    ["metrics: { top1: 'maximize' }, outputs: { out: 'dir' }", 'the metric "top1" is not a mapping', 'top1'],
    ["resources: { cpus: 2 }, outputs: { out: 'dir' }", '"resources" has no "cpus"', 'did you mean "cpu"?'],
    ["resources: { memory: '2GB' }, outputs: { out: 'dir' }", '"memory" is "2GB"', '2GiB'],
    ["measures: 'time', outputs: { out: 'dir' }", '"measures" is "time"', "'machine'"],
    ["network: 'yes', outputs: { out: 'dir' }", '"network" is "yes"', 'network: true'],
    ["output: { out: 'dir' }, outputs: {}", 'a stage has no "output"', 'did you mean "outputs"?'],
  ])('is refused by name: %s', async (members, message, hint) => {
    stageOf(declared(members));
    const found = await problems();
    expect(found).toHaveLength(1);
    expect(found[0]?.message).toContain(message);
    expect(found[0]?.hint).toContain(hint);
  });

  test.each([
    ["inputs: { «x: 'dirr' }, outputs: { out: 'dir' }"],
    ["outputs: { out: 'dir', «more: 'fil' }"],
    ["outputs: { out: { kind: 'file', «measurd: true } }"],
    ["metrics: { top1: {\n  about: 'A.',\n  «goal: 'up',\n} }, outputs: { out: 'dir' }"],
    ["outputs: { out: 'dir' }, resources: { «cpus: 1 }"],
    ["outputs: { out: 'dir' }, «input: {}"],
    ["params: { ok: param.int(), «'rate': 5 }, outputs: { out: 'dir' }"],
  ])('is refused at the place where it is written: %s', async (members) => {
    const [before = '', after = ''] = declared(members).split('«');
    stageOf(before + after);
    const lines = before.split('\n');
    expect(await problems()).toMatchObject([{ place: { line: lines.length, column: (lines.at(-1) ?? '').length + 1 } }]);
  });

  test('is refused without a place where it is not written out', async () => {
    stageOf(
      "import { defineStage } from 'stillroom';\nconst stage = { about: 'A.', outputs: {} } as object;\nexport default { ...stage, inputs: { x: 'no' }, run: () => import('./run.ts') };\n",
    );
    const found = await problems();
    expect(found).toHaveLength(1);
    expect(found[0]).not.toHaveProperty('place');
  });

  test('is refused with all that is wrong at once', async () => {
    stageOf(declared("inputs: { x: 'dirr' }, outputs: { out: 'fil' }, metrics: { a: 1 }"));
    expect(await problems()).toHaveLength(3);
  });

  test.each([
    ["{ folder: './modles' }", 'chooses from "./modles", where no module lies', 'did you mean "./models"?'],
    ["{ folder: 'stillroom/nn/losess' }", 'chooses from "stillroom/nn/losess"', 'did you mean "stillroom/nn/losses"?'],
  ])('is refused where what a param chooses from is not there: %s', async (options, message, hint) => {
    write('stages/one/models/small.ts', 'export default 1;');
    stageOf(declared(`params: { kind: param.module(${options} as never) }, outputs: { out: 'dir' }`));
    const found = await problems();
    expect(found).toHaveLength(1);
    expect(found[0]?.message).toContain(message);
    expect(found[0]?.hint).toBe(hint);
  });

  test('may not import what planning must not load', async () => {
    stageOf(`import 'node:fs';\n${declared("outputs: { out: 'dir' }")}`);
    expect((await problems())[0]?.message).toContain('imports "node:fs"');
  });
});

describe('what is remembered of a declaration', () => {
  /** What is remembered. */
  const note = () => {
    const folder = join(root, 'cache/declarations');
    const [file = '', ...others] = readdirSync(folder);
    expect(others).toEqual([]);
    return join(folder, file);
  };
  /** Makes what is remembered another, so that it is seen whether it is trusted. */
  const mark = () => editSealed<{ value: object }>(note(), ({ value, ...rest }) => ({ ...rest, value: { ...value, about: 'remembered' } }));

  test('is trusted while nothing that it reaches has changed, and a touched file is nothing', async () => {
    const file = stageOf(declared("outputs: { out: 'dir' }"));
    write('stages/one/run.ts', 'export default 1;');
    await find();
    mark();
    utimesSync(file, new Date(0), new Date(0));
    writeFileSync(join(root, 'package.json'), '{ "name": "mine" }');
    write('stages/one/run.ts', 'export default 2;');
    expect(await find()).toMatchObject({ ok: true, value: { declaration: { about: 'remembered' } } });
  });

  test('is read again only where a stamp says so, once its files are old enough for their stamps to be trusted', async () => {
    stageOf(declared("outputs: { out: 'dir' }"));
    await find();
    await sleep(150);
    await find();
    const stamps = JSON.parse(readFileSync(note(), 'utf8')).readings.files.map(([, stamp]: readonly [string, string]) => stamp);
    expect(stamps).not.toContain('');
    const before = statSync(note(), { bigint: true });
    await find();
    expect(statSync(note(), { bigint: true }).ino).toBe(before.ino);
  });

  test('is not trusted once the declaration has changed', async () => {
    const file = stageOf(declared("outputs: { out: 'dir' }"));
    await find();
    const { mtime } = statSync(file);
    writeFileSync(file, readFileSync(file, 'utf8').replace("'A.'", "'B.'"));
    utimesSync(file, mtime, mtime);
    expect(await find()).toMatchObject({ value: { declaration: { about: 'B.' } } });
  });

  test('is built again where what is remembered is damaged', async () => {
    stageOf(declared("outputs: { out: 'dir' }"));
    await find();
    writeFileSync(note(), '{"version":');
    expect(await find()).toMatchObject({ ok: true, value: { declaration: { about: 'A.' } } });
  });

  test('depends on each file that the bundler read, and on no other', async () => {
    stageOf(declared("params: { a: param.int() }, outputs: { out: 'dir' }"));
    await find();
    const { readings } = JSON.parse(readFileSync(note(), 'utf8'));
    const files = readings.files.map(([path]: readonly [string]) => path);
    expect(files).toContain(join(root, 'stages/one/stage.ts'));
    expect(files).toContain(resolve('src/model/params.ts'));
    expect(files.filter((path: string) => path.includes('/engine/') || path.includes('/nn/'))).toEqual([]);
  });
});

import { copyFileSync, cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { colouredPicture, writeJudge } from '../exported-judge.ts';
import { called, emptyFolder, stillroom, write } from '../rig.ts';

const PIPELINE = `name: shipped
sources: { model: ./judge }
stages:
  export:
    run: mkdir -p "$model"; cp -rL "$judge/." "$model"
    in: { judge: $sources.model }
    out: { model: model/ }
  again:
    matrix: { fold: [0, 1] }
    run: mkdir -p "$model"; cp -rL "$judge/." "$model"
    in: { judge: export.model }
    out: { model: model/ }
`;

let folder: string;
let run: string;
beforeAll(async () => {
  folder = emptyFolder();
  writeJudge(join(folder, 'judge'));
  write(folder, { 'artifacts/.gitignore': '*\n', 'shipped.yaml': PIPELINE, 'one.yaml': PIPELINE.split('  again:')[0] as string });
  mkdirSync(join(folder, 'pictures', 'deep'), { recursive: true });
  for (const name of ['r0.png', 'g1.jpeg', 'deep/b2.png'])
    writeFileSync(join(folder, 'pictures', name), await colouredPicture(Number(/\d/.exec(name)?.[0]), name.slice(name.indexOf('.'))));
  run = (await called(folder, ['run', 'one.yaml', '--json'])).json.run ?? '';
  await called(folder, ['tag', run, 'best']);
});

interface Told {
  readonly pictures: readonly {
    readonly picture: string;
    readonly label: string;
    readonly probability: number;
    readonly top: readonly object[];
  }[];
  readonly unreadable: readonly { readonly picture: string; readonly reason: string }[];
}

const ask = (...args: readonly string[]) => called(folder, ['predict', ...args]);

async function told(...args: readonly string[]): Promise<Told> {
  return JSON.parse((await ask(...args, '--json')).stdout) as Told;
}

test('the model is that of a run, a tag, a folder of outputs, an exported folder or an ONNX file', async () => {
  const expected = await told('judge', 'pictures');
  expect(expected.pictures.map(({ picture, label }) => [picture, label])).toEqual([
    ['pictures/deep/b2.png', 'blue'],
    ['pictures/g1.jpeg', 'green, mostly'],
    ['pictures/r0.png', 'red'],
  ]);
  for (const model of [run, '@latest', 'best', 'artifacts/latest/shipped/export', 'artifacts/latest/shipped', 'judge/onnx/model.onnx'])
    expect(await told(model, 'pictures'), model).toEqual(expected);
  copyFileSync(join(folder, 'judge', 'onnx', 'model.onnx'), join(folder, 'alone.onnx'));
  expect(await told('alone.onnx', 'pictures')).toEqual(expected);
});

test('a line for each picture, with the most probable labels', async () => {
  const { code, stdout } = await ask('judge', 'pictures', 'pictures/r0.png', '--top', '2');
  expect(code).toBe(0);
  expect(stdout.trim().split('\n')).toHaveLength(3);
  expect(stdout).toMatch(/^pictures\/r0\.png\s+red\s+0\.\d{3}\s+(?:blue|green, mostly)\s+0\.\d{3}$/m);
  const [first] = (await told('judge', 'pictures/r0.png', '--top', '3')).pictures;
  expect(first?.top).toHaveLength(3);
});

describe('broken pictures', () => {
  test('are named, and the others are labelled: exit code 1', async () => {
    const images = join(folder, 'some-broken');
    cpSync(join(folder, 'pictures'), images, { recursive: true });
    writeFileSync(join(images, 'broken.png'), 'no picture');
    writeFileSync(join(images, 'list.csv'), 'a,b');
    const { code, stdout, stderr } = await ask('judge', 'some-broken');
    expect(code).toBe(1);
    expect(stdout.trim().split('\n')).toHaveLength(3);
    expect(stderr).toContain('some-broken/broken.png cannot be labelled: ');
    expect(stderr).toContain('no pictures by their name: 1 file (some-broken/list.csv)');
    expect(await told('judge', 'some-broken')).toMatchObject({ unreadable: [{ picture: 'some-broken/broken.png' }] });
  });
});

test('a table or a submission goes to the standard output or a file', async () => {
  const csv = await ask('judge', 'pictures', '--csv');
  expect(csv.stdout.split('\r\n')[0]).toBe('picture,label,index,probability,red,"green, mostly",blue');
  write(folder, { 'sample.csv': 'image_id,label\nr0,x\nb2,x\nz9,x\n' });
  const given = ['judge', 'pictures', '--submission', 'image_id,label', '--order', 'sample.csv'];
  const submission = await ask(...given);
  expect(submission.stdout).toBe('image_id,label\nr0,red\nb2,blue\n');
  expect(submission.stderr).toContain('1 picture of the order is not there: z9');
  expect(submission.stderr).toContain('not in the order and left out: 1 picture (g1)');
  expect(submission.code).toBe(1);
  const filed = await ask(...given, '--to', 'submission.csv', '--batch', '1');
  expect(filed.stdout).toBe('2 rows written to submission.csv\n');
  expect(readFileSync(join(folder, 'submission.csv'), 'utf8')).toBe(submission.stdout);
});

test.each([
  [['judge', 'pictures/r0.pn'], 'there is no picture or folder pictures/r0.pn', 'did you mean "r0.png"?'],
  [['bets', 'pictures'], 'no run has the id, hash or tag "bets"', 'did you mean "best"?'],
  [['./nothing', 'pictures'], 'there is no exported model at ./nothing', 'the stage `export` writes one'],
  [['pictures', 'pictures'], 'the folder pictures holds no exported model', 'the stage `export` writes one'],
  [['pictures/r0.png', 'pictures'], 'pictures/r0.png is no ONNX file', 'the stage `export` writes one'],
  [['judge', 'pictures', '--runtime', 'onxruntime'], '--runtime onxruntime is unknown', 'did you mean "onnxruntime"?'],
  [['judge', 'pictures', '--submission', 'id,label=lable'], 'is to hold "lable"', 'did you mean "label"?'],
  [['judge', 'pictures', '--order', 'sample.csv'], '--order is for a submission', '--submission image_id,label'],
  [['judge', 'pictures', '--to', 'x.csv'], '--to is for a table', '--csv'],
  [['judge', 'judge'], 'there is no picture in ', 'JPEG'],
])('%j is refused with what to do', async (args, message, hint) => {
  const { code, stderr } = await ask(...args);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
  expect(stderr).toContain(hint);
});

test('of several models of a run one is to be chosen', async () => {
  const { json } = await called(folder, ['run', 'shipped.yaml', '--json']);
  const several = await ask(json.run ?? '', 'pictures');
  expect(several.stderr).toContain('has 3 exported models');
  expect(several.stderr).toContain("--node 'export', 'again[fold=0]', 'again[fold=1]'");
  expect((await ask(json.run ?? '', 'pictures', '--node', 'again[fold=1]')).code).toBe(0);
  expect((await ask(json.run ?? '', 'pictures', '--node', 'agian[fold=1]')).stderr).toContain('did you mean "again[fold=1]"?');
});

test('the real command leaves nothing behind, and does not load TensorFlow', async () => {
  const temporary = emptyFolder();
  write(folder, {
    'watch.cjs': `process.on('exit', () => console.error('TensorFlow: ' + require('node:fs').readFileSync('/proc/self/maps', 'utf8').includes('tfjs_binding')));`,
  });
  const env = { TMPDIR: temporary, NODE_OPTIONS: `--require ${join(folder, 'watch.cjs')}` };
  const { code, stderr } = await stillroom(folder, ['predict', 'best', 'pictures'], { env });
  expect(code).toBe(0);
  expect(stderr).toContain('TensorFlow: false');
  expect(readdirSync(temporary)).toEqual([]);
});

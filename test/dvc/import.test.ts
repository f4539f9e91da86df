import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { called, checkout, edit, emptyFolder, write } from '../rig.ts';

/** A change of a file. */
interface Change {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** What DVC did with a pipeline: `reference.py` asks it. */
interface Reference {
  readonly lock: string;
  readonly made: Readonly<Record<string, string>>;
  readonly reran: readonly (readonly string[])[];
}

/** What `stillroom import --json` prints. */
interface Printed {
  readonly stages: number;
  readonly converted: number;
  readonly nodes: Readonly<Record<string, string>>;
  readonly notes: readonly { readonly file: string; readonly line: number; readonly message: string }[];
  readonly taken: readonly string[];
  readonly left: readonly { readonly stage: string; readonly why: string }[];
  readonly missing: readonly { readonly path: string; readonly obtain: string }[];
}

const fixtures = join(checkout, 'test/dvc/fixtures');
const read = <Value>(name: string): Value => JSON.parse(readFileSync(join(fixtures, name), 'utf8')) as Value;
const changes = read<Readonly<Record<string, readonly Change[]>>>('changes.json');
const reference = read<Readonly<Record<string, Reference>>>('reference.json');
const shapes = Object.keys(changes);

/** A copy of a project of DVC. */
function project(shape: string): string {
  const folder = join(emptyFolder(), shape);
  cpSync(join(fixtures, shape), folder, { recursive: true });
  write(folder, { 'stillroom.yaml': '{}\n' });
  return folder;
}

async function imported(folder: string, ...args: readonly string[]): Promise<Printed> {
  const { code, stdout, stderr } = await called(folder, ['import', 'dvc.yaml', '--json', ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Printed;
}

async function executed(folder: string, shape: string): Promise<readonly string[]> {
  const { code, json, stdout } = await called(folder, ['run', shape, '--json']);
  expect(code, stdout).toBe(0);
  return [...(json.executed ?? [])].sort();
}

describe.each(shapes)('a project of DVC in the shape of %s', (shape) => {
  test('is imported whole, and on each change just that reruns which DVC reruns', async () => {
    const folder = project(shape);
    const { stages, converted, nodes } = await imported(folder);
    expect(converted).toBe(stages);
    expect(await executed(folder, shape)).toEqual(Object.values(nodes).sort());
    for (const [index, { file, from, to }] of (changes[shape] ?? []).entries()) {
      edit(folder, file, from, to);
      const expected = (reference[shape]?.reran[index] ?? []).map((stage) => nodes[stage] ?? stage).sort();
      expect(await executed(folder, shape), `${file}: ${from} → ${to}`).toEqual(expected);
    }
  });

  test('is taken over with what DVC made, of which nothing reruns but what always does', async () => {
    const folder = project(shape);
    write(folder, { ...reference[shape]?.made, 'dvc.lock': reference[shape]?.lock ?? '' });
    const { nodes, taken, left } = await imported(folder);
    const isLeft = new Set(left.map(({ stage }) => nodes[stage]));
    expect([...taken].sort()).toEqual(
      Object.values(nodes)
        .filter((node) => !isLeft.has(node))
        .sort(),
    );
    expect(await executed(folder, shape)).toEqual([...isLeft].sort());
    expect(left.length).toBe({ modules: 3, manifests: 1 }[shape] ?? 0);
  });
});

describe('import', () => {
  test('writes over nothing unless it is told to, and changes nothing of DVC’s', async () => {
    const folder = project('tutorial');
    const before = readFileSync(join(folder, 'dvc.yaml'), 'utf8');
    await imported(folder);
    const again = await called(folder, ['import']);
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('pipelines/tutorial.yaml is there already') });
    expect((await called(folder, ['import', '--force'])).code).toBe(0);
    expect((await called(folder, ['import', '.', '--output', 'words.yaml'])).code).toBe(0);
    expect(readFileSync(join(folder, 'words.yaml'), 'utf8')).toContain('name: words\nparams: { from: ./params.yaml }');
    expect(readFileSync(join(folder, 'dvc.yaml'), 'utf8')).toBe(before);
  });

  test('writes what a person would keep', async () => {
    const folder = project('countries');
    await imported(folder);
    const text = readFileSync(join(folder, 'pipelines/countries.yaml'), 'utf8');
    expect(text).toContain('matrix: { size: [1, 2], kind: [plain, deep] }');
    expect(text).toContain('out: { plain_1: "models/${kind}-${size}.txt" }');
    expect(text).toContain('{ from: grid.plain_1, where: { size: 1, kind: plain }, at: models/plain-1.txt }');
    expect(text).toContain('with: { rate: $train.rate, threshold: $limits.threshold }');
  });

  test('keeps dvclive from saving experiments', async () => {
    const folder = project('modules');
    edit(folder, 'core/learning.py', 'import os', 'import os\nfrom dvclive import Live');
    await imported(folder);
    expect(readFileSync(join(folder, 'pipelines/modules.yaml'), 'utf8')).toMatch(/export DVC_ROOT=\..*\n\s+python3 -m core\.learning/);
  });

  test('tells what it cannot keep by its line, and what is to be fetched', async () => {
    const folder = project('modules');
    rmSync(join(folder, 'old.txt'));
    const { notes, missing } = await imported(folder, '--fresh');
    const told = notes.map(({ file, line, message }) => `${file}:${line} ${message}`);
    expect(told).toContainEqual(expect.stringMatching(/^dvc\.yaml:2 stamp: "always_changed" is a tool whose version is the time$/));
    expect(told).toContainEqual(expect.stringMatching(/^dvc\.yaml:7 old: it is frozen: it is no node/));
    expect(told).toContainEqual(expect.stringMatching(/any change of settings\.toml reruns it, not only one of model\.depth/));
    expect(missing.map(({ path }) => path)).toEqual(['old.txt']);
  });

  test('finds outputs in DVC’s cache, of both layouts', async () => {
    for (const cache of ['.dvc/cache/files/md5', '.dvc/cache']) {
      const folder = project('manifests');
      const { made = {}, lock = '' } = reference['manifests'] ?? {};
      write(folder, { 'dvc.lock': lock });
      for (const [path, text] of Object.entries(made)) {
        const digest = new RegExp(`path: ${path}\\n\\s+hash: md5\\n\\s+md5: (\\w\\w)(\\w+)`).exec(lock);
        if (digest !== null) write(folder, { [`${cache}/${digest[1]}/${digest[2]}`]: text });
      }
      const { taken } = await imported(folder);
      expect(taken).toEqual(['fetch']);
    }
  });

  test('refuses what is no pipeline of DVC, with the place of what is no YAML', async () => {
    const folder = project('tutorial');
    write(folder, { 'broken.yaml': 'stages:\n  a: {\n', 'data.yaml': 'outs: []\n' });
    expect(await called(folder, ['import', 'broken.yaml'])).toMatchObject({ code: 2, stderr: expect.stringContaining('broken.yaml:') });
    expect(await called(folder, ['import', 'data.yaml'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is no pipeline of DVC'),
    });
    expect(await called(folder, ['import', 'none.yaml'])).toMatchObject({ code: 2, stderr: expect.stringContaining('does not exist') });
  });

  test('ends with 3 where a stage refers to what is not there, and converts the others', async () => {
    const folder = project('tutorial');
    edit(folder, 'dvc.yaml', 'sh src/prepare.sh data', 'sh src/prepare.sh ${nothing.here} data');
    const { code, stdout } = await called(folder, ['import']);
    expect(code).toBe(3);
    expect(stdout).toContain('dvc.yaml:6 not converted: prepare: ${nothing.here} refers to nothing that is there');
    expect(stdout).toContain('3 of 4 stages of DVC');
  });
});

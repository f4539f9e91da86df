import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { chooseEngine, engineWorkplace, fillCache, wholeEngine } from '../../src/setup/engine.mjs';
import { temporaryFolder, recordedWork, zip } from './rig.ts';

const tags = 'py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64';

/** A wheel of one library, as the table of wheels describes it. */
function wheelOf(name: string) {
  const bytes = zip({ [`${name}/lib${name}.so`]: `${name} `.repeat(1000), [`${name}/other.py`]: 'pass' });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const take = (member: string) => (member.endsWith('.so') ? member : undefined);
  return { bytes, wheel: { name, version: '1.0', file: `${name}-1.0-${tags}.whl`, sha256, bytes: bytes.length, take } };
}

/** A cache with an index of two wheels, behind a pip that copies from the folder `index` and notes its calls in `calls`. */
function makeCache() {
  const folder = temporaryFolder();
  const index = join(folder, 'index');
  const programs = join(folder, 'programs');
  mkdirSync(index);
  mkdirSync(programs);
  const [one, two] = [wheelOf('one'), wheelOf('two')];
  for (const { wheel, bytes } of [one, two]) writeFileSync(join(index, wheel.file), bytes);
  const script = `#!/bin/sh
case "$*" in *--version*) exit 0;; esac
echo "$*" >> '${folder}/calls'
while [ "$1" != --dest ]; do shift; done
cp '${index}'/"\${3%%==*}"-* "$2" || { echo "ERROR: no matching distribution for $3"; exit 1; }
`;
  writeFileSync(join(programs, 'python3'), script);
  chmodSync(join(programs, 'python3'), 0o755);
  const path = process.env['PATH'];
  process.env['PATH'] = `${programs}${delimiter}${path}`;
  onTestFinished(() => {
    process.env['PATH'] = path;
  });
  const names = { title: 'The engine', folder: '1.0-cpu', version: '1.0' };
  const engine = { ...names, variant: 'cpu', device: 'cpu', unpackedBytes: 1000, wheels: [one.wheel, two.wheel] } as const;
  const calls = () => (existsSync(join(folder, 'calls')) ? readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n') : []);
  return { index, engine, target: join(folder, 'cache', 'engine', '1.0-cpu'), calls, two };
}

test('the cache is filled, and holds nothing else afterwards', async () => {
  const { engine, target, calls } = makeCache();
  const { work, shown } = recordedWork();
  const files = await fillCache(engine, target, work);
  expect(files).toEqual({ 'one/libone.so': 4000, 'two/libtwo.so': 4000 });
  expect(wholeEngine(target)).toEqual(files);
  expect(readdirSync(dirname(target))).toEqual(['1.0-cpu']);
  expect(readdirSync(target).sort()).toEqual(['contents.json', 'one', 'two']);
  expect(shown.some((text) => text.startsWith('downloading two 1.0'))).toBe(true);
  expect(calls()).toHaveLength(2);
  expect(calls()[0]).toContain('--platform manylinux2014_x86_64 --platform manylinux_2_17_x86_64');
});

test('a set-up that was stopped goes on where it was', async () => {
  const { index, engine, target, calls, two } = makeCache();
  const { work } = recordedWork();
  writeFileSync(join(index, two.wheel.file), 'half a wheel');
  await expect(fillCache(engine, target, work)).rejects.toThrow('is not the one that Stillroom knows');
  expect(existsSync(target)).toBe(false);
  writeFileSync(join(index, two.wheel.file), two.bytes);
  await fillCache(engine, target, work);
  expect(wholeEngine(target)).toBeDefined();
  expect(calls().map((line) => line.split(' ').at(-1))).toEqual(['one==1.0', 'two==1.0', 'two==1.0']);
});

test('other bytes than the pinned ones are refused with both digests, and thrown away', async () => {
  const { index, engine, target, two } = makeCache();
  const { work } = recordedWork();
  writeFileSync(join(index, two.wheel.file), zip({ 'two/libtwo.so': 'evil' }));
  const error = await fillCache(engine, target, work).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ name: 'SetupProblem', remedy: expect.arrayContaining([expect.stringContaining(two.wheel.sha256)]) });
  const { staging } = engineWorkplace(target);
  expect(readdirSync(join(staging, 'wheels'))).toEqual([`one-1.0-${tags}.whl.json`]);
});

test('a damaged cache is seen and repaired', async () => {
  const { engine, target } = makeCache();
  const { work } = recordedWork();
  await fillCache(engine, target, work);
  truncateSync(join(target, 'one/libone.so'), 10);
  expect(wholeEngine(target)).toBeUndefined();
  await fillCache(engine, target, work);
  expect(wholeEngine(target)).toEqual({ 'one/libone.so': 4000, 'two/libtwo.so': 4000 });
  expect(readdirSync(dirname(target))).toEqual(['1.0-cpu']);
});

test("what pip says is shown when it can't download", async () => {
  const { engine, target } = makeCache();
  const missing = { ...engine, wheels: [{ ...engine.wheels[0], name: 'three', file: `three-1.0-${tags}.whl` }] };
  const error = await fillCache(missing, target, recordedWork().work).catch((reason: unknown) => reason);
  expect(error).toMatchObject({
    message: 'pip could not download three==1.0:',
    remedy: expect.arrayContaining([expect.stringContaining('no matching distribution for three')]),
  });
});

test('STILLROOM_ENGINE decides the variant, and a wrong one is refused', () => {
  expect(chooseEngine({ STILLROOM_ENGINE: 'cpu' })).toMatchObject({ variant: 'cpu', device: 'cpu' });
  expect(chooseEngine({ STILLROOM_ENGINE: 'cuda' })).toMatchObject({ variant: 'cuda', device: 'gpu' });
  expect(() => chooseEngine({ STILLROOM_ENGINE: 'rocm' })).toThrow('it can be auto, cpu or cuda');
});

import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Outcome } from '../../src/model/problem.ts';
import { openProject, type Project } from '../../src/project/project.ts';
import { called, copyOf, emptyFolder, write } from '../rig.ts';
import { lose } from '../stored.ts';

const PIPELINE = `name: counted
sources:
  images: data
  word: word.txt
  large: { path: large.txt, keep: false }
stages:
  count:
    run: 'find "$images" -type f | wc -l > "$out"; cat "$word" "$large" >> "$out"'
    in: { images: $sources.images, word: $sources.word, large: $sources.large }
    out: { out: out.txt }
    tools: [find]
  never: { run: 'false > "$out"', in: { images: $sources.images }, out: { out: out.txt } }
`;

let base: string;
/** The run of the first sources; a failed one of others followed. */
let first: string;

function value<Value>(outcome: Outcome<Value>): Value {
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.problems));
  return outcome.value;
}

const problems = (outcome: Outcome<unknown>): readonly (readonly [string, string])[] =>
  outcome.ok ? [] : outcome.problems.map(({ code, message }) => [code, message]);

beforeAll(async () => {
  base = emptyFolder();
  write(base, {
    'counted.yaml': PIPELINE,
    'data/a.txt': 'one',
    'data/below/run.sh': '#!/bin/sh',
    'word.txt': 'first',
    'large.txt': 'large',
  });
  mkdirSync(join(base, 'data/empty'));
  chmodSync(join(base, 'data/below/run.sh'), 0o755);
  const project = openProject({ folder: base });
  first = value(await project.run('counted.yaml', { only: ['count'] })).record.id;
  rmSync(join(base, 'data'), { recursive: true });
  write(base, { 'data/b.txt': 'two', 'word.txt': 'second' });
  expect((await project.run('counted.yaml', { only: ['never'] })).ok).toBe(true);
});

const copy = (): Project => openProject({ folder: copyOf(base) });
const filesBelow = (folder: string): string[] => (readdirSync(folder, { recursive: true }) as string[]).sort();

describe('a source that was kept', () => {
  test('is brought back as a run read it, with what may be executed and what is empty; it may be written to', async () => {
    const project = copy();
    const { sources } = value(await project.restoreSources(first, { source: ['images'], to: 'old' }));
    const folder = join(project.root, 'old');
    expect(sources.get('images')).toMatchObject({ path: folder, bytes: 12 });
    expect(filesBelow(folder)).toEqual(['a.txt', 'below', 'below/run.sh', 'empty']);
    expect(readFileSync(join(folder, 'a.txt'), 'utf8')).toBe('one');
    expect(statSync(join(folder, 'below/run.sh')).mode & 0o100).toBe(0o100);
    expect(statSync(join(folder, 'a.txt')).mode & 0o300).toBe(0o200);
    expect(readdirSync(project.root).filter((name) => name.startsWith('.old'))).toEqual([]);
  });

  test('is also that of a run that failed, and of a pack', async () => {
    const project = copy();
    value(await project.restoreSources('@latest', { source: ['images'], to: 'new' }));
    expect(filesBelow(join(project.root, 'new'))).toEqual(['b.txt']);
    value(await project.pack(first, 'run.still'));
    const elsewhere = openProject({ folder: emptyFolder() });
    value(await elsewhere.restoreSources(undefined, { from: join(project.root, 'run.still'), source: ['word'], to: 'out' }));
    expect(readdirSync(join(elsewhere.root, 'out')).length).toBe(1);
  });

  test('goes into a folder that holds other things only where that is said: they stay', async () => {
    const project = copy();
    write(project.root, { 'old/mine.txt': 'mine', 'old/a.txt': 'other', 'old/below': 'a file' });
    const asked = { source: ['images'], to: 'old' };
    expect(problems(await project.restoreSources(first, asked))[0]?.[0]).toBe('folder-in-use');
    expect(readFileSync(join(project.root, 'old/a.txt'), 'utf8')).toBe('other');
    value(await project.restoreSources(first, { ...asked, force: true }));
    expect(filesBelow(join(project.root, 'old'))).toEqual(['a.txt', 'below', 'below/run.sh', 'empty', 'mine.txt']);
    expect(readFileSync(join(project.root, 'old/a.txt'), 'utf8')).toBe('one');
    expect(problems(await project.restoreSources(first, { ...asked, to: 'word.txt', force: true }))[0]?.[0]).toBe('folder-in-use');
  });

  test('lies in a folder of its name beside others; a file is called as it was', async () => {
    const project = copy();
    const { sources } = value(await project.restoreSources(first, { source: ['images', 'word'], to: 'both' }));
    expect(sources.get('word')?.path).toBe(join(project.root, 'both/word/word.txt'));
    expect(readFileSync(join(project.root, 'both/word/word.txt'), 'utf8')).toBe('first');
    expect(existsSync(join(project.root, 'both/images/a.txt'))).toBe(true);
    value(await project.restoreSources(first, { source: ['word'], to: 'alone' }));
    expect(readdirSync(join(project.root, 'alone'))).toEqual(['word.txt']);
  });
});

describe('a source cannot be brought back', () => {
  test('that is unknown, was not kept, or is damaged: nothing is left where it was to be', async () => {
    const project = copy();
    const restored = (...source: string[]) => project.restoreSources(first, { source, to: 'out' });
    expect(problems(await restored('image'))).toEqual([['unknown-source', `--source image: the run ${first} has no source of that name`]]);
    expect(problems(await restored('images', 'large'))).toEqual([
      ['not-kept', `the source "large" was not kept when ${first} read it (5 bytes); it lay at large.txt`],
    ]);
    const { digest = '' } = value(await project.restoreSources(first, { source: ['word'], to: 'was' })).sources.get('word') ?? {};
    lose(join(project.root, 'artifacts'), digest);
    expect(problems(await restored('images', 'word'))[0]?.[0]).toBe('missing-content');
    expect(existsSync(join(project.root, 'out'))).toBe(false);
    expect(problems(await project.restoreSources('nobody', { source: ['word'], to: 'out' }))[0]?.[0]).toBe('unknown-run');
  });
});

test('the verb brings back sources or outputs, and says what goes together', async () => {
  const folder = copyOf(base);
  const old = await called(folder, ['restore', first, '--source', 'images', '--to', 'old']);
  expect(old.stdout).toBe(`images  old  12 bytes\n1 source is back as ${first} read it\n`);
  const outputs = await called(folder, ['restore', first, '--to', 'old', '--force']);
  expect(outputs.stdout).toBe(`count.out  old/count/out.txt\n1 output of ${first} is back; nothing was executed\n`);
  writeFileSync(join(folder, 'old/a.txt'), 'changed');
  const nowhere = await called(folder, ['restore', first, '--source', 'images']);
  expect([nowhere.code, nowhere.stderr]).toEqual([
    2,
    expect.stringContaining(`hint: stillroom restore ${first} --source images --to FOLDER`),
  ]);
  const both = await called(folder, ['restore', first, '--source', 'images', '--only', 'count', '--to', 'x']);
  expect([both.code, both.stderr]).toEqual([2, expect.stringContaining('--only is for outputs')]);
});

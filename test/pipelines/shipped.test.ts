import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadPipeline } from '../../src/load/pipeline/pipeline.ts';
import { loadSweep } from '../../src/load/sweep/sweep.ts';
import { strategies } from '../../src/sweep/strategies.ts';
import { emptyFolder } from '../rig.ts';

const folder = join(import.meta.dirname, '../../pipelines');

/** The pipelines that are the contest's recipe as a whole. */
const recipes = ['fashion-2020', 'fashion-mnist', 'quickstart'];

/** What these tests read of a node. */
interface Node {
  readonly uses?: string;
  readonly in?: Readonly<Record<string, string | { readonly from: string }>>;
}

interface Pipeline {
  readonly name: string;
  readonly about: string;
  readonly stages: Readonly<Record<string, Node>>;
}

const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
const read = (file: string): Pipeline => parse(readFileSync(join(folder, file), 'utf8')) as Pipeline;
const sourcesOf = (node: Node): string[] => Object.values(node.in ?? {}).map((input) => (typeof input === 'string' ? input : input.from));

describe.each(files)('%s', (file) => {
  const { name, about, stages } = read(file);

  test('is named as its file and says what it is', () => {
    expect(`${name}.yaml`).toBe(file);
    expect(about.length).toBeGreaterThan(20);
  });

  test('gives the test set to benchmark alone', () => {
    const sets = Object.keys(stages).filter((node) => stages[node]?.uses === 'prepare-images');
    expect(sets).not.toEqual([]);
    const readers = Object.entries(stages).filter(([, node]) => sets.some((set) => sourcesOf(node).includes(`${set}.test`)));
    expect(readers.map(([, node]) => node.uses)).toEqual(['benchmark']);
    // Other sources, such as weights to go on from, hold no images.
    const images = Object.values(stages).flatMap((node) => (node.uses === 'prepare-images' ? sourcesOf(node) : []));
    const raw = Object.entries(stages).filter(([, node]) => sourcesOf(node).some((source) => images.includes(source)));
    expect(raw.map(([node]) => node)).toEqual(sets);
  });
});

test.each(files.filter((file) => 'sweep' in read(file)))(
  "%s: its sweep fits it, and none but the ablation's reads the test set",
  async (shownFile) => {
    const file = join(folder, shownFile);
    // Not every one's data is bundled.
    const set = [`sources.images=${emptyFolder()}`];
    const loaded = await loadPipeline({ file, shownFile, root: join(folder, '..'), cache: emptyFolder(), set });
    if (!loaded.ok) throw new Error(loaded.problems[0]?.message);
    const swept = await loadSweep({
      pipeline: loaded.value,
      shownFile,
      options: {},
      optionNames: {},
      set: [],
      strategies,
      cache: emptyFolder(),
    });
    if (!swept.ok) throw new Error(swept.problems[0]?.message);
    const { only, objectives } = swept.value.spec;
    expect(objectives).toHaveLength(1);
    expect(only).toEqual(shownFile === 'ablation.yaml' ? undefined : ['student']);
  },
);

test.each(recipes)('%s holds every stage of the recipe', (name) => {
  const used = new Set(Object.values(read(`${name}.yaml`).stages).map(({ uses }) => uses));
  expect(readdirSync(join(folder, '../stages')).filter((stage) => !used.has(stage))).toEqual(['answers', 'card', 'predict']);
});

test("quickstart's data is bundled with its licence, in at most 3 MB", () => {
  const data = join(folder, 'quickstart/fashion');
  const bytes = readdirSync(data).reduce((sum, name) => sum + statSync(join(data, name)).size, 0);
  expect(bytes).toBeLessThanOrEqual(3e6);
  expect(readFileSync(join(data, 'LICENSE'), 'utf8')).toMatch(/Zalando SE/);
  expect(existsSync(join(folder, 'quickstart/make.mjs'))).toBe(true);
});

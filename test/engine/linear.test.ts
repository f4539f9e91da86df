import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Instance } from '../../src/model/pipeline.ts';
import { load, project } from '../load/project.ts';
import { MemoryProject, told } from './memory-store.ts';
import { type Steps, StepCounter } from './steps.ts';

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** Pipelines of so many nodes, with a text that their last node, or one of them, holds. */
const texts: Readonly<Record<string, (count: number, last: string) => string>> = {
  'one chain': (count, last) =>
    `name: p\nstages:\n${range(count)
      .map(
        (index) =>
          `  n${index}: { run: 'echo ${index === count - 1 ? last : index}', ${index === 0 ? '' : `in: { i: n${index - 1}.o }, `}out: { o: o } }\n`,
      )
      .join('')}`,
  'nodes side by side with one that gathers all': (count, last) =>
    `name: p\nstages:\n  one: { run: 'true', matrix: { k: [${range(count - 1)}] }, with: { k: $k }, out: { o: o } }
  all: { run: 'echo ${last}', in: { i: { from: one.o, all: true } }, out: { o: o } }\n`,
  'ten stages of a matrix': (count, last) =>
    `name: p\nstages:\n${range(10)
      .map((index) => {
        const from = index === 0 ? '' : `in: { i: s${index - 1}.o }, `;
        return `  s${index}: { run: 'echo ${index === 9 ? last : ''}', matrix: { k: [${range(count / 10)}] }, with: { k: $k }, ${from}out: { o: o } }\n`;
      })
      .join('')}`,
};

let counter: StepCounter;
beforeAll(() => {
  counter = new StepCounter();
});
afterAll(() => counter.end());

/** Loads, plans and runs a pipeline, plans and runs it unchanged, and plans, explains and runs it with a change in its last node. */
async function stepsOf(text: (count: number, last: string) => string, count: number): Promise<Steps> {
  const folder = project();
  const memory = new MemoryProject();
  const read = async (last: string): Promise<readonly Instance[]> => {
    const loaded = await load(folder, text(count, last));
    if (!loaded.ok) throw new Error(loaded.problems[0]?.message);
    return loaded.value.instances;
  };
  return counter.of(async () => {
    await memory.run(await read('one'));
    await memory.run(await read('one'));
    await told(memory, await read('two'));
    await memory.run(await read('two'));
  });
}

describe('four times as many nodes take about four times as many steps', () => {
  // Counting slows everything down: a busy machine needs its time.
  test.each(Object.entries(texts))('%s', { timeout: 240_000 }, async (_, text) => {
    await stepsOf(text, 100);
    const [few, many] = [await stepsOf(text, 1000), await stepsOf(text, 4000)];
    const growing = [...many].filter(([place, count]) => count > 4.5 * Math.max(few.get(place) ?? 0, 1000));
    expect(growing.map(([place, count]) => `${place}: ${few.get(place) ?? 0} → ${count}`)).toEqual([]);
  });
});

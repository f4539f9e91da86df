import { expect, test } from 'vitest';
import { load, pipelineText, project } from './project.ts';

/** The matrix points of what a port of the node `next` is given; undefined where it is given nothing. */
async function given(port: string, inputs: string, words: string): Promise<readonly unknown[] | undefined> {
  const more = `next: { uses: count, in: { text: $sources.poem, many: $sources.poem${inputs} }, with: { least: 2 } }`;
  const loaded = await load(project(), pipelineText({ words: `words: { uses: count, ${words} }`, more }));
  if (!loaded.ok) throw new Error(loaded.problems[0]?.message);
  const next = loaded.value.instances.find(({ node }) => node === 'next');
  return next?.inputs.find((input) => input.port === port)?.elements.map(({ key }) => key);
}

const two = 'matrix: { fold: [0, 1] }, in: { text: $sources.poem, many: $sources.poem }, with: { least: 2 }';

test('an input of many that may be absent takes all instances, those that are chosen, or none', async () => {
  expect(await given('some', ', some: words.folder', two)).toEqual([{ fold: 0 }, { fold: 1 }]);
  expect(await given('some', ', some: { from: words.folder, where: { fold: 1 } }', two)).toEqual([{ fold: 1 }]);
  expect(await given('some', '', two)).toBeUndefined();
  expect(await given('some', ', some: words.folder', `${two}, when: { fold: 7 }`)).toBeUndefined();
});

import type { Instance } from '../../../../src/model/pipeline.ts';
import { instanceOf } from '../../../engine/plans.ts';
import { drawn } from './draws.ts';

/** Nodes by name, each with those whose outputs it takes. */
export type Shape = readonly { readonly name: string; readonly after: readonly string[] }[];

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** Some producers of a layer, never the same twice. */
function some(layer: readonly string[], most: number, seed: number, name: string): string[] {
  const count = 1 + Math.floor(drawn(seed, 'fan', name) * most);
  return [...new Set(range(count).map((index) => layer[Math.floor(drawn(seed, 'from', name, index) * layer.length)] ?? ''))];
}

/** Shapes of graphs of about so many nodes. */
export const shapes: Readonly<Record<string, (count: number, seed: number) => Shape>> = {
  'nodes side by side': (count) => range(count).map((index) => ({ name: `n${index}`, after: [] })),
  'ten layers, each node after one to five of the one before': (count, seed) =>
    range(10).flatMap((layer) => {
      const before = range(count / 10).map((index) => `l${layer - 1}-${index}`);
      return range(count / 10).map((index) => {
        const name = `l${layer}-${index}`;
        return { name, after: layer === 0 ? [] : some(before, 5, seed, name) };
      });
    }),
  // What is long stands last in the file, behind all that is wide.
  'half of them side by side, then chains of 25': (count) => [
    ...range(count / 2).map((index) => ({ name: `w${index}`, after: [] })),
    ...range(count / 50).flatMap((chain) =>
      range(25).map((index) => ({ name: `c${chain}-${index}`, after: index === 0 ? [] : [`c${chain}-${index - 1}`] })),
    ),
  ],
  'recipes of five folds: data, five trainings, five evaluations, one summary': (count) =>
    range(Math.floor(count / 12)).flatMap((recipe) => [
      { name: `data${recipe}`, after: [] },
      ...range(5).map((fold) => ({ name: `train${recipe}-${fold}`, after: [`data${recipe}`] })),
      ...range(5).map((fold) => ({ name: `test${recipe}-${fold}`, after: [`train${recipe}-${fold}`, `data${recipe}`] })),
      { name: `sum${recipe}`, after: range(5).map((fold) => `test${recipe}-${fold}`) },
    ]),
};

/** The instances of a shape: one command, with a param each, that is tried again three times. */
export function instancesOf(shape: Shape): Instance[] {
  const work: Instance['work'] = { kind: 'command', run: 'make it', tools: [], paths: { out: 'out.txt' } };
  return shape.map(({ name, after }) => instanceOf(name, { after, work, params: { name }, retries: 3 }));
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { verbs } from '../../src/commands/verbs.ts';
import { schemas } from '../../src/load/checks.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { suggestion } from '../../src/text/suggestion.ts';
import { checkout } from '../rig.ts';

/** Names that somebody types, beside those that they may be taken for. */
interface Names {
  readonly kind: string;
  readonly names: readonly string[];
}

const propertiesOf = (schema: unknown): string[] => Object.keys(((schema as JsonObject)['properties'] ?? {}) as JsonObject);

async function allNames(): Promise<Names[]> {
  const file = schemas.pipeline['properties'] as JsonObject;
  const node = (file['stages'] as JsonObject)['additionalProperties'];
  const flags = await Promise.all(Object.values(verbs).map(async (load) => Object.values((await load()).default.options)));
  const of = ['quickstart', 'fashion-2020'].flatMap((name): Names[] => {
    const written = parse(readFileSync(join(checkout, 'pipelines', `${name}.yaml`), 'utf8')) as {
      readonly params: object;
      readonly stages: Readonly<Record<string, { readonly in?: object; readonly with?: object }>>;
      readonly show: readonly string[];
    };
    const nodes = Object.entries(written.stages);
    return [
      { kind: 'params', names: Object.keys(written.params) },
      { kind: 'nodes', names: Object.keys(written.stages) },
      { kind: 'what is shown', names: written.show },
      ...nodes.map(([, one]) => ({ kind: 'params of a node', names: Object.keys(one.with ?? {}) })),
      ...nodes.map(([, one]) => ({ kind: 'ports', names: Object.keys(one.in ?? {}) })),
    ];
  });
  return [
    { kind: 'keys of the file', names: propertiesOf(schemas.pipeline) },
    { kind: 'keys of a node', names: propertiesOf(node) },
    { kind: 'keys of a sweep', names: propertiesOf(schemas.sweep) },
    { kind: 'verbs', names: Object.keys(verbs) },
    ...flags.map((options) => ({ kind: 'options', names: options.map(({ flag }) => flag.slice(2).split(/[ ,]/, 1)[0] ?? '') })),
    ...of,
  ];
}

/** Every slip of a hand: a letter left out, doubled, hit beside its key, or changed with its neighbour. */
function slipsOf(name: string): string[] {
  const rows = ['qwertyuiop', 'asdfghjkl', 'zxcvbnm'];
  const beside = (letter: string): string[] => {
    const row = rows.find((one) => one.includes(letter)) ?? '';
    const at = row.indexOf(letter);
    return at === -1 ? [] : [row[at - 1], row[at + 1]].filter((one) => one !== undefined);
  };
  const slips = [...name].flatMap((letter, at) => [
    name.slice(0, at) + name.slice(at + 1),
    name.slice(0, at) + letter + name.slice(at),
    name.slice(0, at) + (name[at + 1] ?? '') + letter + name.slice(at + 2),
    ...beside(letter).map((other) => name.slice(0, at) + other + name.slice(at + 1)),
  ]);
  return [...new Set(slips)].filter((slip) => slip !== '' && slip !== name);
}

test('a slip of a hand in a name of the pipelines here, of the schema or of the command line is told by the name that was meant', async () => {
  const missed: string[] = [];
  let count = 0;
  for (const { kind, names } of await allNames())
    for (const name of names.filter((one) => one.length > 2))
      for (const slip of slipsOf(name).filter((one) => !names.includes(one))) {
        count += 1;
        if (suggestion(slip, names) !== `did you mean "${name}"?`) missed.push(`${kind}: ${slip} for ${name}: ${suggestion(slip, names)}`);
      }
  expect(count).toBeGreaterThan(5000);
  expect(missed.length / count, missed.slice(0, 40).join('\n')).toBeLessThan(0.01);
});

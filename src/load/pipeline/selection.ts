import { canonicalJson } from '../../model/canonical.ts';
import { pointValue, splitName, valueText, type WrittenPoint } from '../../model/instance-name.ts';
import type { Json } from '../../model/json.ts';
import type { Instance, Key } from '../../model/pipeline.ts';
import { ownMember } from '../../model/own-member.ts';
import { plainValue } from './values.ts';

/** How the value of a point may be meant: as a printed name writes it, or else as YAML. */
const READINGS: readonly ((text: string) => Json | undefined)[] = [pointValue, (text) => plainValue(text).value];

const equal = (a: Json | undefined, b: Json | undefined): boolean =>
  a !== undefined && b !== undefined && canonicalJson(a) === canonicalJson(b);

/** Those at a point as it is written. It may leave variables out; the order of a mapping's keys does not matter here. */
export function atPoint<Keyed extends { readonly key: Key }>(all: readonly Keyed[], point: WrittenPoint): readonly Keyed[] {
  return point.reduce<readonly Keyed[]>((left, [variable, text]) => {
    const ownValue = ({ key }: Keyed): Json | undefined => ownMember(key, variable);
    const read = READINGS.map((reading) => reading(text)).find((value) => all.some((one) => equal(ownValue(one), value)));
    return read === undefined ? [] : left.filter((one) => equal(ownValue(one), read));
  }, all);
}

/** Whether a text holds signs of a pattern, `*` for any text and `?` for any letter. */
function isPattern(text: string): boolean {
  return /[*?]/.test(text);
}

function patternOf(text: string): RegExp {
  const escaped = text.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'su');
}

/** What an instance is named by. */
type Named = Pick<Instance, 'name' | 'node' | 'key'>;

/** The instances that a pattern fits: `teach*` by node, `*[fold=0]` and `teacher[fold=*]` at points, which may leave variables out. */
function fitting(instances: readonly Named[], word: string): readonly Named[] {
  const open = word.indexOf('[');
  const node = patternOf(open === -1 ? word : word.slice(0, open));
  const ofNode = instances.filter((instance) => node.test(instance.node));
  if (open === -1) return ofNode;
  // The node of a point is read as a name, which a pattern is not.
  const { point, rest } = splitName(`x${word.slice(open)}`) ?? {};
  if (point === undefined || rest !== '') return [];
  return point.reduce<readonly Named[]>((left, [variable, text]) => {
    if (!isPattern(text)) return atPoint(left, [[variable, text]]);
    const value = patternOf(text);
    return left.filter(({ key }) => Object.hasOwn(key, variable) && value.test(valueText(key[variable] ?? null)));
  }, ofNode);
}

/** The names of the instances that words such as those of `--force` and `--only` mean: `teacher` all its instances, `teacher[fold=0]` those at that point, `teach*` those that it fits. */
export function instancesNamed(instances: readonly Named[], ...words: readonly string[]): string[] {
  const meant = new Set(
    words.flatMap((word) => {
      const { node, point, rest } = splitName(word) ?? {};
      const named = instances.filter(({ name, node: own }) => name === word || own === word);
      const ofNode = instances.filter((instance) => instance.node === node);
      if (named.length > 0) return named;
      const atTheirs = point === undefined || rest !== '' ? [] : atPoint(ofNode, point);
      return atTheirs.length > 0 || !isPattern(word) ? atTheirs : fitting(instances, word);
    }),
  );
  return instances.filter((instance) => meant.has(instance)).map(({ name }) => name);
}

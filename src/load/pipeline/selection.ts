import { canonicalJson } from '../../model/canonical.ts';
import { pointValue, splitName, type WrittenPoint } from '../../model/instance-name.ts';
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

/** The names of the instances that words such as those of `--force` and `--only` mean: `teacher` all its instances, `teacher[fold=0]` those at that point. */
export function instancesNamed(instances: readonly Instance[], ...words: readonly string[]): string[] {
  const meant = new Set(
    words.flatMap((word) => {
      const { node, point, rest } = splitName(word) ?? {};
      const named = instances.filter(({ name, node: own }) => name === word || own === word);
      const ofNode = instances.filter((instance) => instance.node === node);
      return named.length > 0 || point === undefined || rest !== '' ? named : atPoint(ofNode, point);
    }),
  );
  return instances.filter((instance) => meant.has(instance)).map(({ name }) => name);
}

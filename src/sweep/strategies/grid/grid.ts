import { combinations } from '../../../model/combinations.ts';
import type { VariantParams, Space } from '../../../model/sweep.ts';
import { isActive, uniqueParams, valuesOf } from '../../space.ts';
import { nextOfPoints, type Strategy } from '../../study.ts';

const pointsOf = new WeakMap<Space, readonly VariantParams[]>();

/** All points of a space, the first param slowest. Where a param does not apply, its values make one point. */
function points(space: Space): readonly VariantParams[] {
  const known = pointsOf.get(space);
  if (known !== undefined) return known;
  const dimensions = new Map(space.map((dimension) => [dimension.name, dimension]));
  const values = Object.fromEntries(space.map(({ name, domain }) => [name, valuesOf(domain) ?? []]));
  const found = combinations(values, (name, point) => {
    const dimension = dimensions.get(name);
    return dimension !== undefined && isActive(dimension, point);
  });
  const made = uniqueParams(found);
  pointsOf.set(space, made);
  return made;
}

/** Each combination of all values. */
export const grid: Strategy = {
  about: 'each combination of all values',
  settings: {},
  needs: { steps: true },
  count: ({ spec }) => Math.min(points(spec.space).length, spec.trials ?? Number.POSITIVE_INFINITY),
  next: (study) => nextOfPoints(points(study.spec.space), study),
};

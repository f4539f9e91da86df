import type { Json } from '../../../model/json.ts';
import type { Params, Space } from '../../../model/sweep.ts';
import { isActive, uniqueParams, valuesOf } from '../../space.ts';
import { nextOfPoints, type Strategy } from '../../study.ts';

const pointsOf = new WeakMap<Space, readonly Params[]>();

/** All points of a space, the first param slowest. Where a param does not apply, its values make one point. */
function points(space: Space): readonly Params[] {
  const known = pointsOf.get(space);
  if (known !== undefined) return known;
  let found: Record<string, Json>[] = [{}];
  for (const dimension of space) {
    const values = valuesOf(dimension.domain) ?? [];
    found = found.flatMap((point) =>
      isActive(dimension, point) ? values.map((value) => ({ ...point, [dimension.name]: value })) : [point],
    );
  }
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

import type { VariantParams } from '../../../model/sweep.ts';
import { isActive, uniqueParams, valuesOf } from '../../space.ts';
import { nextOfPoints, type Strategy, type Study } from '../../study.ts';

/** The base, then each change of a single param of it. Params that do not apply beside the base's values are left out. */
function points({ spec: { space }, base }: Study): VariantParams[] {
  const applying = (params: VariantParams): VariantParams =>
    Object.fromEntries(
      Object.entries(params).filter(([name]) => space.some((dimension) => dimension.name === name && isActive(dimension, params))),
    );
  const changes = space.flatMap(({ name, domain }) => (valuesOf(domain) ?? []).map((value) => ({ ...base, [name]: value })));
  return uniqueParams([base, ...changes].map(applying));
}

/** The pipeline as it is, and each single change of it. */
export const oneAtATime: Strategy = {
  about: 'the pipeline as it is, and each single change of it',
  settings: {},
  needs: { steps: true },
  count: (study) => Math.min(points(study).length, study.spec.trials ?? Number.POSITIVE_INFINITY),
  next: (study) => nextOfPoints(points(study), study),
};

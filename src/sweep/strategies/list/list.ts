import { nextOfPoints, type Strategy } from '../../study.ts';

/** The variants that the file writes out. */
export const list: Strategy = {
  about: 'the variants that are written out in the file',
  settings: {},
  needs: { variants: true },
  count: ({ spec }) => Math.min(spec.variants.length, spec.trials ?? Number.POSITIVE_INFINITY),
  next: (study) => nextOfPoints(study.spec.variants, study),
};

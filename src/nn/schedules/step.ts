import type { Schedule } from './parts/schedule.ts';
import { type Choice, param } from '../../model/params.ts';

export const about = 'Falls by a factor after every so many epochs.';

export const params = () => ({
  every: param.int({ min: 1, default: 10, about: 'The epochs between two falls.' }),
  factor: param.number({ above: 0, max: 1, default: 0.1, about: 'What a fall multiplies by.' }),
});

/** Multiplies by `factor` after every so many epochs: torch's StepLR. */
const step: Choice<Schedule, typeof params> =
  ({ every, factor }) =>
  ({ step: now, perEpoch }) =>
    factor ** Math.floor(now / (every * perEpoch));

export default step;

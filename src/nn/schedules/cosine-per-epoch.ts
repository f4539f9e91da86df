import type { Schedule } from './parts/schedule.ts';

export const about = 'Falls along half a cosine, epoch by epoch.';

/** Falls along half a cosine, but only between epochs: torch's CosineAnnealingLR stepped every epoch. */
const cosinePerEpoch: Schedule = ({ step, steps, perEpoch }) =>
  0.5 * (1 + Math.cos(Math.PI * Math.min(1, (Math.floor(step / perEpoch) * perEpoch) / steps)));

export default cosinePerEpoch;

import type { Schedule } from './parts/schedule.ts';

export const about = 'Falls along half a cosine, batch by batch.';

/** Falls along half a cosine, batch by batch, and would reach 0 one step after the last: torch's CosineAnnealingLR stepped every batch. */
const cosine: Schedule = ({ step, steps }) => 0.5 * (1 + Math.cos(Math.PI * Math.min(1, step / steps)));

export default cosine;

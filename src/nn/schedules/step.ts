import type { Schedule } from './parts/schedule.ts';

/** Multiplies by `factor` after every so many epochs: torch's StepLR. */
const step: Schedule = ({ step: now, perEpoch }, { every, factor }) => factor ** Math.floor(now / (every * perEpoch));

export default step;

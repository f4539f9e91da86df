import type { Schedule } from './parts/schedule.ts';

export const about = 'Stays at the highest learning rate.';

/** Stays at the highest learning rate. */
const constant: Schedule = () => 1;

export default constant;

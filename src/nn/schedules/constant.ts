import type { Schedule } from './parts/schedule.ts';

/** Stays at the highest learning rate. */
const constant: Schedule = () => 1;

export default constant;

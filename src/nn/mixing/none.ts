import type { Mixing } from './parts/mixing.ts';

/** Leaves every image as it is. */
const none: Mixing = () => undefined;

export default none;

import type { Mixing } from './parts/mixing.ts';

export const about = 'Leaves every image as it is.';

/** Leaves every image as it is. */
const none: Mixing = () => undefined;

export default none;

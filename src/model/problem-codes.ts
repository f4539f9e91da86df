import { askingCodes } from './problem-codes/asking.ts';
import { keepingCodes } from './problem-codes/keeping.ts';
import { runningCodes } from './problem-codes/running.ts';

/**
 * Every code that a problem can have. Codes are stable: programs read them. `stillroom explain <code>` prints what stands in these tables.
 * A code that nothing uses is removed.
 */
export const problemCodes = { ...askingCodes, ...runningCodes, ...keepingCodes };

/** The code of a problem. */
export type ProblemCode = keyof typeof problemCodes;

/** An expected failure of set-up: what went wrong, and line by line what to do about it. */
export class SetupProblem extends Error {
  /**
   * @param {string} message What went wrong, in one sentence.
   * @param {readonly string[]} [remedy] What to do, one line each.
   */
  constructor(message, remedy = []) {
    super(message);
    this.name = 'SetupProblem';
    /** @readonly */
    this.remedy = remedy;
  }
}

/** The code of a system error (`ENOENT` …), or undefined for any other value.
 * @param {unknown} error
 * @returns {string | undefined}
 */
export function errorCode(error) {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** What a problem's code says, for people. */
export interface ProblemExplanation {
  /** What is the matter, in general. */
  readonly means: string;
  /** What to do about it. */
  readonly remedy: string;
}

/** A mutant that does what the original does, or that only time or memory tells from it. */
interface Equivalent {
  readonly file: string;
  /** A part of its line; what was changed, and to what, by their beginnings. */
  readonly line: string;
  readonly original: string;
  readonly replacement: string;
  readonly why: string;
}

/** The survivors that were looked at and that no test can notice. */
export const equivalents: readonly Equivalent[] = [];

/** One thing that is set up, or is not. */
export interface SetupItem {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What mends it, or is worth doing. */
  readonly hint?: string;
  /** It is not there, and all but what its detail names does without it. */
  readonly optional?: true;
}

/** One way of trying to make the store, or a run, lose or mistake something. */
export interface Trial {
  /** What is done, and what must hold. */
  readonly about: string;
  /** How many attacks the full soak makes. */
  readonly full: number;
  /** How many `npm test` makes; 0 where the machine it runs on may lack what it takes. */
  readonly sample: number;
  /** Why it cannot be made on this machine; undefined: it can. */
  missing?(): string | undefined;
  /** Makes so many attacks, spread over all that could be attacked; `tell` takes lines that say how it goes, the seed decides what is drawn. */
  run(attacks: number, tell: (line: string) => void, seed?: number): Promise<Findings>;
}

/** What came of a trial. */
export interface Findings {
  /** Attacks that were made. */
  readonly attacks: number;
  /** What did not hold, a sentence each. */
  readonly faults: readonly string[];
  /** Counts worth quoting, by name. */
  readonly counts?: Readonly<Record<string, number>>;
}

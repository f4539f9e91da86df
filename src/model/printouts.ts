/** A file that is open to be written to. */
export interface OpenFile {
  /** Absolute. */
  readonly path: string;
  readonly descriptor: number;
}

/** What is printed by commands that go on by themselves. */
export interface Printouts {
  /** Begins a file before it is known which run or sweep it will be of. */
  begin(): OpenFile;
  /** Gives such a file its place, whoever writes to it meanwhile; returns the place, absolute. */
  keep(path: string, of: { readonly run: string } | { readonly sweep: string }): string;
  /** Removes what belongs to no run or sweep. */
  discard(path: string): void;
}

/** How what runs is told to end: asked, so that it may save, or left no choice. */
export type StopWord = 'ask' | 'kill';

/** A word that something is to end, and whose it is. */
export interface ToldStop {
  readonly word: StopWord;
  /** `user@machine`. */
  readonly by: string;
}

/** Words by which runs and sweeps are told to end from elsewhere: another terminal, or another machine that sees the store. */
export interface StopWords {
  /** Listens for words to a run or a sweep, until it is closed. */
  listen(id: string): StopListener;
  /** Tells a run or a sweep to end; false where none listens. */
  tell(id: string, told: ToldStop): boolean;
}

/** Whoever runs something, as far as others may tell it to end. */
export interface StopListener {
  /** What it was told last. */
  read(): ToldStop | undefined;
  close(): void;
}

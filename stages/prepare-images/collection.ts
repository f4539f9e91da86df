import type { Pixels } from 'stillroom/nn';

/** One image of a source, not yet read. */
export interface Item {
  /** The image's id: its path in the source, or `train/000012` in an idx file. */
  readonly name: string;
  /** Its class, an index into the collection's classes. */
  readonly label: number;
  /** The encoded file, or the pixels where the source holds pixels. */
  read(): Promise<Uint8Array | Pixels>;
}

/** A file that could not be read, or is not there, and why. */
export interface Unreadable {
  readonly name: string;
  readonly reason: string;
}

/** What one source holds, in byte order of the names. */
export interface Collection {
  readonly classes: readonly string[];
  readonly items: readonly Item[];
  /** Files that are no images by their name or place: named in the report, never read. */
  readonly ignored: readonly string[];
  /** What a table names that is not there. */
  readonly missing: readonly Unreadable[];
  /** How the source was understood, where that was not the only way: told in the log. */
  readonly notes: readonly string[];
}

/** A source that a user has to put right: the message says what is wrong with it. */
export class SourceProblem extends Error {
  override readonly name = 'SourceProblem';
  readonly hint: string | undefined;
  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** Byte order of the UTF-8 texts: the same on every machine and in every locale. */
export function byBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

/** The first of some names, and how many more there are. */
export function some(names: readonly string[], most = 5): string {
  return names.length <= most ? names.join(', ') : `${names.slice(0, most).join(', ')} and ${names.length - most} more`;
}

/**
 * The classes' order: as given, else byte order of the names found.
 * @throws SourceProblem if the source holds a class that is not among those given.
 */
export function orderClasses(found: Iterable<string>, given: readonly string[]): readonly string[] {
  const names = [...new Set(found)].sort(byBytes);
  if (given.length === 0) return names;
  const unknown = names.filter((name) => !given.includes(name));
  if (unknown.length > 0) {
    throw new SourceProblem(
      `the source holds classes that are not among the ${given.length} given: ${some(unknown)}`,
      `Given are ${some(given, 12)}: add what is missing to \`classes\`, or leave it out.`,
    );
  }
  return given;
}

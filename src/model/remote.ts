/** An object of a remote. */
export interface FarObject {
  readonly key: string;
  readonly size: number;
  /** When it was last written, in milliseconds since 1970. */
  readonly modified: number;
}

/** Some of the objects of a remote, in the order of their keys. */
export interface FarPage {
  readonly objects: readonly FarObject[];
  /** Where the next page begins; undefined: this is the last. */
  readonly next: string | undefined;
}

/** Which bytes of an object are wanted. */
export interface Wanted {
  /** An object of more bytes is a `TooLarge`. */
  readonly most: number;
  /** What it should have, where that is known: so long is waited for it. */
  readonly size?: number;
  /** Only these, from the first to the one before the last; fewer where it ends before. */
  readonly range?: readonly [from: number, to: number] | undefined;
}

/**
 * A far shelf of objects by key that many stores may share. It knows nothing of what they are: whoever consults it proves what comes from it
 * before using it, so a remote need not be trusted. Every function may throw: it is asked again, unless it throws a `RemoteRefusal`, and in the
 * end that is a notice and never an error of a run. Each ends soon when its signal is aborted.
 */
export interface Remote {
  /** As messages name it. */
  readonly name: string;
  /** The prefixes whose results are believed, in the order in which they are asked, each with a slash at its end. */
  readonly trust: readonly string[];
  /** The prefix that results are sent to; undefined: it is only read. */
  readonly write: string | undefined;
  /** The bytes of an object; undefined where there is none. */
  get(key: string, wanted: Wanted, signal: AbortSignal): Promise<Uint8Array | undefined>;
  /** Bytes of an object; undefined where there is none. */
  size(key: string, signal: AbortSignal): Promise<number | undefined>;
  /** Keeps an object, whole or not at all, unless there is one of its key: that is never overwritten. Returns whether it was new. */
  put(key: string, bytes: Uint8Array, signal: AbortSignal): Promise<boolean>;
  /** The objects whose keys begin with a prefix, a page from a place on; missing where they cannot be listed. */
  list?(prefix: string, from: string | undefined, signal: AbortSignal): Promise<FarPage>;
  delete(keys: readonly string[], signal: AbortSignal): Promise<void>;
  /** In words what it cannot promise, such as that nothing is overwritten; undefined: nothing. */
  flaw?(signal: AbortSignal): Promise<string | undefined>;
}

/** Thrown by a remote that will not answer otherwise if it is asked again: who asks may not, or there is no such place. */
export class RemoteRefusal extends Error {
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

/** Thrown in place of an answer that is longer than anything that was sent: it is no object of ours. */
export class TooLarge extends Error {
  constructor(key: string, most: number) {
    super(`${key} is larger than ${most} bytes`);
  }
}

/** What opens a remote of a kind. */
export interface RemoteOpening {
  readonly name: string;
  readonly trust: readonly string[];
  readonly write: string | undefined;
  /** As they are declared, without those that all kinds have. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** The project's folder: relative paths begin there. */
  readonly root: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Opens a remote of a kind. Nothing is asked of it yet. */
export type OpenRemote = (opening: RemoteOpening) => Remote;

import type { Payload } from './store.ts';

/**
 * A far shelf of content and results that many stores may share. Whoever consults it hashes what comes from it before using it, so a remote
 * need not be trusted. Every function may throw, which is a notice and never an error of a run; each ends soon when its signal is aborted.
 */
export interface Remote {
  /** As messages name it. */
  readonly name: string;
  has(digest: string, signal: AbortSignal): Promise<boolean>;
  /** The content of a digest; undefined where it has none. */
  get(digest: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array> | undefined>;
  /** Keeps content, whole or not at all. The same content may come from several at once. */
  put(digest: string, content: Payload, signal: AbortSignal): Promise<void>;
  /** The record of a fingerprint, as it was put. */
  getResult(fingerprint: string, signal: AbortSignal): Promise<string | undefined>;
  /** Keeps a record unless there is one, which is never overwritten; returns whether it was new. Of several at once exactly one is. */
  putResult(fingerprint: string, record: string, signal: AbortSignal): Promise<boolean>;
}

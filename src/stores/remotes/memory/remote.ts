import type { Remote } from '../../../model/remote.ts';
import type { Payload } from '../../../model/store.ts';

/** A remote that lives as long as the process, for tests and as the plainest example of one. */
export class MemoryRemote implements Remote {
  readonly name: string;
  /** Content by digest. */
  readonly blobs = new Map<string, Uint8Array>();
  /** Records by fingerprint. */
  readonly results = new Map<string, string>();

  constructor(name: string) {
    this.name = name;
  }

  async has(digest: string): Promise<boolean> {
    return this.blobs.has(digest);
  }

  async get(digest: string): Promise<AsyncIterable<Uint8Array> | undefined> {
    const bytes = this.blobs.get(digest);
    return bytes === undefined ? undefined : inOnePiece(bytes);
  }

  async put(digest: string, content: Payload, signal: AbortSignal): Promise<void> {
    const pieces: Uint8Array[] = [];
    for await (const piece of content.bytes()) {
      signal.throwIfAborted();
      pieces.push(piece);
    }
    this.blobs.set(digest, Buffer.concat(pieces));
  }

  async getResult(fingerprint: string): Promise<string | undefined> {
    return this.results.get(fingerprint);
  }

  async putResult(fingerprint: string, record: string): Promise<boolean> {
    if (this.results.has(fingerprint)) return false;
    this.results.set(fingerprint, record);
    return true;
  }
}

async function* inOnePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

import type { FarObject } from '../../model/remote.ts';
import type { Errand } from '../../model/store.ts';
import { type Asked, envelopeOf, type FarRecord, LONGEST_RECORD, readEnvelope } from './envelope.ts';
import type { GuardedRemote } from './guarded-remote.ts';

/** Where things lie below the prefix of a shelf, by their kind. */
const FOLDERS = { result: 'results', run: 'runs', hash: 'hashes', blob: 'blobs', pack: 'packs', claim: 'claims' } as const;

/** The part of a remote below one prefix, which holds all that its records name. */
export class Shelf {
  readonly remote: GuardedRemote;
  readonly prefix: string;
  /** As messages name it: the remote, and its prefix where it has several. */
  readonly name: string;

  constructor(remote: GuardedRemote, prefix: string) {
    this.remote = remote;
    this.prefix = prefix;
    this.name = remote.trust.length > 1 ? `${remote.name} (${prefix})` : remote.name;
  }

  /** The key of a blob, or of one of the parts of a large one. */
  blobKey(digest: string, part?: number): string {
    return `${this.prefix}${FOLDERS.blob}/${digest.slice(0, 2)}/${digest}${part === undefined ? '' : `.${part}`}`;
  }

  packKey(digest: string): string {
    return `${this.prefix}${FOLDERS.pack}/${digest.slice(0, 2)}/${digest}`;
  }

  /** The key of the note of a day that somebody names content of old. */
  claimKey(day: string, digest: string): string {
    return `${this.prefix}${FOLDERS.claim}/${day}/${digest}`;
  }

  /** The key of what says that it is being cleared. */
  get clearingKey(): string {
    return `${this.prefix}clearing.json`;
  }

  /** The key of a record. Results are many, so they lie in folders. */
  recordKey(kind: Asked['kind'], key: string): string {
    return `${this.prefix}${FOLDERS[kind]}/${kind === 'result' ? `${key.slice(0, 2)}/` : ''}${key}.json`;
  }

  /** A record of it, or in words why it is not used; undefined where there is none, or it could not be asked. */
  async record(kind: Asked['kind'], key: string, errand: Errand): Promise<FarRecord | string | undefined> {
    const bytes = await this.remote.get(this.recordKey(kind, key), { most: LONGEST_RECORD }, errand);
    return bytes === undefined || bytes === 'none' ? undefined : readEnvelope(bytes, { kind, prefix: this.prefix, key });
  }

  /** Keeps a record unless there is one; undefined where that failed. */
  putRecord(kind: Asked['kind'], key: string, record: FarRecord, errand: Errand): Promise<boolean | undefined> {
    const bytes = envelopeOf({ kind, prefix: this.prefix, key }, record);
    return this.remote.put(this.recordKey(kind, key), bytes, errand);
  }

  /** The names of records of a kind that begin with a text; none where that could not be asked. */
  async names(kind: 'run' | 'hash', beginning: string, errand: Errand): Promise<readonly string[]> {
    const folder = `${this.prefix}${FOLDERS[kind]}/`;
    const page = await this.remote.list(`${folder}${beginning}`, undefined, errand);
    return (page?.objects ?? []).flatMap(({ key }) => (key.endsWith('.json') ? [key.slice(folder.length, -'.json'.length)] : []));
  }

  /** All that lies there; undefined where it could not be asked. */
  async objects(errand: Errand): Promise<readonly FarObject[] | undefined> {
    const objects: FarObject[] = [];
    for (let from: string | undefined; ; ) {
      const page = await this.remote.list(this.prefix, from, errand);
      if (page === undefined) return undefined;
      for (const object of page.objects) objects.push(object);
      if (page.next === undefined) return objects;
      from = page.next;
    }
  }
}

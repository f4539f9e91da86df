import { type FarPage, type Remote, TooLarge, type Wanted } from '../../../model/remote.ts';

/** Objects that are listed at once. */
const PAGE = 1000;

/** A remote that lives as long as the process, for tests and as the plainest example of one. */
export class MemoryRemote implements Remote {
  readonly name: string;
  readonly trust: readonly string[];
  readonly write: string | undefined;
  /** Bytes by key. */
  readonly objects = new Map<string, Uint8Array>();
  /** When each was written, in milliseconds since 1970. */
  readonly times = new Map<string, number>();

  constructor(name: string, { trust = ['shelf/'], write }: { readonly trust?: readonly string[]; readonly write?: string } = {}) {
    this.name = name;
    this.trust = trust;
    this.write = write ?? trust[0];
  }

  async get(key: string, { most, range }: Wanted): Promise<Uint8Array | undefined> {
    const bytes = this.objects.get(key)?.slice(...(range ?? []));
    if (bytes !== undefined && bytes.length > most) throw new TooLarge(key, most);
    return bytes;
  }

  async size(key: string): Promise<number | undefined> {
    return this.objects.get(key)?.length;
  }

  async put(key: string, bytes: Uint8Array): Promise<boolean> {
    if (this.objects.has(key)) return false;
    this.objects.set(key, Uint8Array.from(bytes));
    this.times.set(key, Date.now());
    return true;
  }

  async list(prefix: string, from = ''): Promise<FarPage> {
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix) && key > from).sort();
    const page = keys.slice(0, PAGE);
    const objects = page.map((key) => ({ key, size: this.objects.get(key)?.length ?? 0, modified: this.times.get(key) ?? 0 }));
    return { objects, next: keys.length > PAGE ? page.at(-1) : undefined };
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.objects.delete(key);
  }
}

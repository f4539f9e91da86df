import {
  closeSync,
  fstatSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { writeDurably } from './durable.ts';
import { safeFileName } from './file-name.ts';
import { type Heartbeat, signOf } from './heartbeat.ts';
import { ifThere } from './if-there.ts';
import { parseJson } from './json.ts';
import { silenceOf } from './lease-folder.ts';
import { isOwner, livesHere, type Owner, thisProcess } from './owner.ts';

/** Signs in the time after which a silent holder counts as gone. */
const SIGNS = 6;

/** Where the times of files alone tell, so many times the silence: the clocks of machines differ. */
const OLD = 5;

/** So often is a lease tried that changes hands meanwhile. */
const TRIES = 8;

/** Memory that the thread of signs needs, in MiB. */
const LIMITS = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 16 };

/** Something that is held. */
export interface Lease {
  release(): void;
}

/** Who holds a lease, and the last sign of it. */
interface Holder {
  readonly owner: Owner;
  readonly sign: string;
  /** When the file changed, as its file system tells, in milliseconds. */
  readonly changed: number;
}

/**
 * Locks in a folder that several machines share and whose kernel locks do not hold among them. Every process has one file there that shows
 * that it lives: a thread writes a sign into it again and again. A lease is another name of that file, so whoever meets it reads who holds
 * it and whether that one still gives signs. To make a name is the one step that file servers decide alone, whatever their clients keep of
 * earlier answers; and making or removing one lets a client forget what it kept of the folder. One whose process is gone is taken away by
 * whoever holds the lease on doing so.
 */
export class Leases {
  private readonly folder: string;
  private readonly owner: Owner = thisProcess();
  private readonly silence: number;
  private readonly held = new Set<string>();
  /** The last signs of others, and when they were first met. */
  private readonly signs = new Map<string, { readonly sign: string; readonly at: number }>();
  private readonly last = new BigInt64Array(new SharedArrayBuffer(8));
  private own: string | undefined;
  private count = 0;

  constructor(folder: string) {
    this.folder = folder;
    this.silence = silenceOf(folder) * 1000;
  }

  /** Takes a lease, alone or beside others who share it; undefined where another holds it. */
  take(name: string, shared = false): Lease | undefined {
    const safe = safeFileName(name);
    return shared ? this.takeShared(safe) : this.takeAlone(safe);
  }

  /** Whether anyone holds a lease. */
  isHeld(name: string): boolean {
    const safe = safeFileName(name);
    return this.isTaken(`held-${safe}`) || this.sharers(safe).length > 0;
  }

  /** Removes what processes left that are gone. */
  tidy(): void {
    const names = readdirSync(this.folder).filter((name) => !name.startsWith('settings'));
    for (const name of names.sort((a, b) => Number(a.startsWith('owner-')) - Number(b.startsWith('owner-')))) {
      const holder = this.holderOf(name);
      if (holder === undefined || !this.isGone(holder)) continue;
      const [, lease] = /^held-(.*)$/.exec(name) ?? [];
      if (lease === undefined) this.remove(name);
      else this.clear(lease, holder);
    }
  }

  private takeAlone(safe: string): Lease | undefined {
    const name = `held-${safe}`;
    let isFresh = false;
    for (let tries = 0; tries < TRIES; tries += 1) {
      if (this.link(name)) {
        if (this.sharers(safe).length === 0) return this.leaseOf(name);
        this.letGo(name);
        return undefined;
      }
      const holder = this.holderOf(name);
      if (holder === undefined) this.forget();
      else if (this.isMine(holder, name)) return this.leaseOf(name);
      else if (this.isGone(holder)) this.clear(safe, holder);
      else if (isFresh) return undefined;
      else {
        isFresh = true;
        this.forget();
      }
    }
    return undefined;
  }

  private takeShared(safe: string): Lease | undefined {
    this.count += 1;
    const name = `shared-${this.owner.id}-${this.count}-${safe}`;
    this.link(name);
    if (!this.isTaken(`held-${safe}`)) return this.leaseOf(name);
    this.letGo(name);
    return undefined;
  }

  /** Whether a lease is held by someone who lives. One whose holder is gone is taken away. */
  private isTaken(name: string): boolean {
    const holder = this.holderOf(name);
    if (holder === undefined) return false;
    if (!this.isGone(holder)) return true;
    this.clear(name.slice('held-'.length), holder);
    return this.holderOf(name) !== undefined;
  }

  /** Those who share a lease and live. */
  private sharers(safe: string): string[] {
    const pattern = /^shared-[0-9a-f]+-[0-9]+-/;
    return readdirSync(this.folder).filter((name) => {
      if (!pattern.test(name) || name.replace(pattern, '') !== safe) return false;
      const holder = this.holderOf(name);
      if (holder === undefined) return false;
      const isGone = this.isGone(holder);
      if (isGone) this.remove(name);
      return !isGone;
    });
  }

  /** A lease that this process was given without being told: the answer was lost, and the question was asked again. */
  private isMine({ owner }: Holder, name: string): boolean {
    return owner.id === this.owner.id && !this.held.has(name);
  }

  private leaseOf(name: string): Lease {
    this.held.add(name);
    return { release: () => this.letGo(name) };
  }

  private letGo(name: string): void {
    // One that gave no signs for long may have been taken for gone.
    const isSilent = Date.now() - Number(Atomics.load(this.last, 0)) > this.silence / 2;
    if (!isSilent || this.holderOf(name)?.owner.id === this.owner.id) this.remove(name);
    this.held.delete(name);
  }

  /** Takes away the lease of one who is gone. Only one does so at a time; in the end it is free, or someone else's. */
  private clear(safe: string, gone: Holder): void {
    const right = this.takeAlone(safeFileName(`without-${gone.owner.id}-${safe}`));
    if (right === undefined) return;
    try {
      const name = `held-${safe}`;
      if (this.holderOf(name)?.owner.id !== gone.owner.id) return;
      this.count += 1;
      const aside = `gone-${this.owner.id}-${this.count}`;
      ifThere(() => renameSync(this.at(name), this.at(aside)));
      const moved = this.holderOf(aside);
      // It has changed hands since it was read.
      if (moved !== undefined && moved.owner.id !== gone.owner.id) this.linkFrom(aside, name);
      this.remove(aside);
    } finally {
      right.release();
    }
  }

  /** Whether a holder is gone: its process ended on this machine, or another machine has given no sign of it for too long. */
  private isGone({ owner, sign, changed }: Holder): boolean {
    if (owner.id === this.owner.id) return false;
    const lives = livesHere(owner, this.owner);
    if (lives !== undefined) return !lives;
    const seen = this.signs.get(owner.id);
    if (seen?.sign !== sign) this.signs.set(owner.id, { sign, at: performance.now() });
    else if (performance.now() - seen.at > this.silence) return true;
    const now = this.own === undefined ? undefined : ifThere(() => statSync(this.at(this.own as string)).mtimeMs);
    return now !== undefined && now - changed > OLD * this.silence;
  }

  private holderOf(name: string): Holder | undefined {
    return ifThere(() => {
      const descriptor = openSync(this.at(name), 'r');
      try {
        const text = readFileSync(descriptor, 'utf8');
        const [head = '', sign = ''] = text.split('\n');
        const owner = parseJson(head, isOwner);
        return owner === undefined ? undefined : { owner, sign, changed: fstatSync(descriptor).mtimeMs };
      } finally {
        closeSync(descriptor);
      }
    });
  }

  /** Lets this machine forget what it keeps of the folder: what others did is seen then. */
  private forget(): void {
    this.count += 1;
    const name = `look-${this.owner.id}-${this.count}`;
    this.link(name);
    this.remove(name);
  }

  private link(name: string): boolean {
    return this.linkFrom(this.ownFile(), name);
  }

  private linkFrom(from: string, name: string): boolean {
    try {
      linkSync(this.at(from), this.at(name));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  }

  private remove(name: string): void {
    ifThere(() => unlinkSync(this.at(name)));
  }

  private at(name: string): string {
    return join(this.folder, name);
  }

  /** The name of this process's file, which is written when it is first needed, with a thread that gives signs. */
  private ownFile(): string {
    if (this.own !== undefined) return this.own;
    const own = `owner-${this.owner.id}`;
    const path = this.at(own);
    const head = `${JSON.stringify(this.owner)}\n`;
    mkdirSync(this.folder, { recursive: true });
    writeDurably(path, head + signOf(0));
    Atomics.store(this.last, 0, BigInt(Date.now()));
    const offset = Buffer.byteLength(head);
    const workerData: Heartbeat = { path, offset, every: this.silence / SIGNS, last: this.last };
    // From wherever this is run: compiled, bundled, or as it was written.
    const file = new URL('../../dist/files/heartbeat.js', import.meta.url);
    new Worker(file, { execArgv: [], env: {}, resourceLimits: LIMITS, workerData }).unref();
    process.once('exit', () => this.leave());
    this.own = own;
    return own;
  }

  /** What ends with the process. */
  private leave(): void {
    try {
      for (const name of [...this.held]) this.letGo(name);
      if (this.own !== undefined) rmSync(this.at(this.own), { force: true });
    } catch {
      // Its signs end too.
    }
  }
}

import type { Remote } from '../../model/remote.ts';
import type { Errand, Store } from '../../model/store.ts';
import { counted } from '../../text/amounts.ts';
import { unlessDiskFails } from './disk.ts';
import { GuardedRemote, type Patience } from './guarded-remote.ts';
import { ShelfNotes } from './notes.ts';
import { contentsOf, travelling } from './outputs.ts';
import { Sending } from './sending.ts';
import { Shelf } from './shelf.ts';

/** Results that travel at once. */
const AT_ONCE = 4;

/** What a store sends to a shelf beside what else goes on: its results, and what earlier runs could not send. */
export class Outgoing {
  readonly shelf: Shelf;
  readonly notes: ShelfNotes;
  readonly sending: Sending;
  private readonly local: Store;
  private readonly lanes: Promise<void>[] = Array.from({ length: AT_ONCE }, () => Promise.resolve());
  private readonly queued = new Set<string>();
  /** Of these nothing is here that could be sent. */
  private readonly absent = new Set<string>();
  private isResumed = false;
  private isTried = false;
  /** Results whose record there is damaged, or names contents that are. */
  private readonly unfit = new Set<string>();

  constructor(shelf: Shelf, local: Store) {
    this.shelf = shelf;
    this.local = local;
    this.notes = new ShelfNotes(local.cache, `${shelf.remote.name} ${shelf.prefix}`);
    this.sending = new Sending(shelf, this.notes);
  }

  /** What is sent to a remote: one, or none where it is only read. */
  static to(remote: Remote, local: Store, patience: Patience): readonly Outgoing[] {
    return remote.write === undefined ? [] : [new Outgoing(new Shelf(new GuardedRemote(remote, patience), remote.write), local)];
  }

  /** Whoever executes the work puts a record in the place of one that is damaged. */
  foundUnfit(fingerprint: string, why: string): void {
    if (why.includes('damaged')) this.unfit.add(fingerprint);
  }

  /** The same for one whose contents are missing or damaged there; they are sent anew. */
  foundDamaged(fingerprint: string, digests: readonly string[]): void {
    this.unfit.add(fingerprint);
    for (const digest of digests) this.sending.damaged.add(digest);
  }

  /** Sends a result as soon as its turn comes. */
  add(fingerprint: string, errand: Errand): void {
    this.notes.markUnsent(fingerprint);
    this.resume(errand, fingerprint);
    this.queue(fingerprint, errand);
  }

  private queue(fingerprint: string, errand: Errand): void {
    const lane = this.queued.size % AT_ONCE;
    this.queued.add(fingerprint);
    this.lanes[lane] = (this.lanes[lane] ?? Promise.resolve()).then(async () => {
      await unlessDiskFails(errand, () => this.send(fingerprint, errand));
    });
  }

  /** Sends what earlier runs left. */
  private resume(errand: Errand, besides?: string): void {
    if (this.isResumed) return;
    this.isResumed = true;
    for (const fingerprint of this.notes.unsent()) if (fingerprint !== besides) this.queue(fingerprint, errand);
  }

  /** Ends when everything has arrived or was given up, what earlier runs left as well. */
  async arrived(errand: Errand): Promise<void> {
    this.resume(errand);
    // What others are sending, or other runs of this process send later, is theirs to tell of.
    const meant = new Set(this.queued);
    await Promise.all(this.lanes);
    const left = this.notes.unsent().filter((fingerprint) => meant.has(fingerprint) && !this.absent.has(fingerprint)).length;
    const { name } = this.shelf.remote;
    if (left > 0) errand.notice(`${counted(left, 'result')} did not arrive at the remote ${name}: stillroom push --remote ${name}`);
  }

  /** Sends content first and the record last, so that a record that is seen is whole. Returns whether it is there now. */
  async send(fingerprint: string, errand: Errand): Promise<boolean> {
    const result = this.local.results.read(fingerprint);
    const contents = result === undefined ? undefined : contentsOf(this.local, result.attempts[0].outputs);
    if (result === undefined || contents === undefined) {
      // Another process is about to keep it, or did so on a machine whose news is late; what was damaged or removed is not sent any more.
      this.absent.add(fingerprint);
      this.notes.forgetOld(fingerprint);
      return false;
    }
    this.absent.delete(fingerprint);
    if (errand.signal.aborted || this.shelf.remote.isLeftAlone) return false;
    await this.tryOnce(errand);
    const where = await this.sending.send(contents, errand);
    if (where === undefined) return false;
    const key = this.shelf.recordKey('result', fingerprint);
    if (this.unfit.has(fingerprint) && !(await this.shelf.remote.delete([key], errand))) return false;
    this.unfit.delete(fingerprint);
    if ((await this.shelf.putRecord('result', fingerprint, { record: travelling(result), ...where }, errand)) === undefined) return false;
    this.notes.markSent(fingerprint);
    return true;
  }

  /** Says once what the remote cannot promise. */
  private async tryOnce(errand: Errand): Promise<void> {
    if (this.isTried) return;
    this.isTried = true;
    const flaw = await this.shelf.remote.flaw(errand);
    if (flaw !== undefined) errand.notice(`the remote ${this.shelf.remote.name} ${flaw}`);
  }
}

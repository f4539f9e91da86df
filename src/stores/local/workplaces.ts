import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolders, namesIn } from '../../files/folder.ts';
import { lockFile, shareLock, tryLockFile } from '../../files/lock.ts';
import { type Asker, nameOf, forHowLong, telling, type Waiting, type Who } from '../../model/waiting.ts';
import { hasLeases } from '../../files/lease-folder.ts';
import { Leases } from '../../files/leases.ts';
import { removeTree } from '../../files/remove.ts';
import { ALIVE, LEASES } from '../../model/job.ts';
import type { Links } from './loose-blobs.ts';
import { ClaimNotes, claimPath, workPath, WORKS } from './claims.ts';
import type { ClaimMarks, Moment } from './claim-marks.ts';
import { linkOwnPackage } from './own-package.ts';
import { SpareFolders } from './spare-folders.ts';
import type { Checkpoints, Claim, FinishedWork, Workplace, Workplaces } from '../../model/workplace.ts';
import { finishedWorks, LocalCheckpoints } from './checkpoints.ts';

/** Characters of a work's digest at the beginning of the names of its attempts. */
const WORK_PREFIX = 16;

/** What a file that is open is called once it was removed, as long as it is, where a client of a file server shows the folder. */
const STILL_OPEN = /(?:^|\/)\.(?:nfs|fuse_hidden)[^/]*$/;

/** How often, at the end, what is still open is tried again, and milliseconds before each time. */
const TRIES = 20;
const PAUSE = 50;

/** Locks on work, the folders where it is done, and its checkpoints. */
export class LocalWorkplaces implements Workplaces {
  private readonly root: string;
  private real: string | undefined;
  private readonly spares: SpareFolders;
  private readonly claims: ClaimNotes;
  private readonly marks: ClaimMarks;
  /** The names of what lay in the scratch folder when it was last looked at. */
  private seen: { readonly names: readonly string[]; readonly since: Moment } | undefined;
  /** Folders of attempts in which nothing is left but what somebody has open: what watches a job that has just ended, above all. */
  private late: string[] = [];

  private readonly links: Links;

  /** `links`: takes away those that were placed in the folder of an attempt, before it goes. */
  constructor(root: string, links: Links, marks: ClaimMarks) {
    this.root = root;
    this.links = links;
    this.claims = new ClaimNotes(root);
    this.marks = marks;
    this.spares = new SpareFolders(() => this.scratch);
  }

  async claim(work: string, { who, signal, onWait }: Asker): Promise<Claim | undefined> {
    const path = claimPath(this.root, work);
    const owner = await telling(lockFile(path, signal), () => onWait(waitingFor(this.claims.holder(path, work))));
    if (owner === undefined) return undefined;
    this.claims.note(work, who);
    this.marks.begin(work);
    return {
      remains: this.remainsOf(work),
      lock: async (until) => shareLock(await lockFile(workPath(this.root, work), until)),
      release: () => {
        this.marks.end(work);
        owner.release();
      },
    };
  }

  /** What is left of a work that this process has claimed. */
  private remainsOf(work: string): Workplace[] {
    const scratch = join(this.root, 'scratch');
    if (this.seen === undefined || !this.marks.isUntouched(work, this.seen.since)) {
      const since = this.marks.moment();
      this.seen = { since, names: namesIn(scratch) };
    }
    const start = `${work.slice(0, WORK_PREFIX)}-`;
    const left = this.seen.names.filter((name) => name.startsWith(start) && existsSync(join(scratch, name)));
    return left.map((id) => this.at(id));
  }

  make(work: string): Workplace {
    const place = this.at(`${work.slice(0, WORK_PREFIX)}-${randomUUID().slice(-12)}`);
    this.spares.take(place.folder);
    return place;
  }

  tidy(): void {
    this.spares.remove();
    this.claims.close();
    this.marks.close();
    for (let tried = 0; tried < TRIES && this.late.length > 0; tried += 1) {
      if (tried > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE);
      this.late = this.late.filter((folder) => removeTree(folder).length > 0);
    }
  }

  /** Removes the folder of an attempt. Returns what refused; what is only open still is removed in the end. */
  private remove(folder: string): readonly string[] {
    const left = removeTree(folder);
    if (left.length === 0) return left;
    const names = existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : [];
    if (!names.every((entry) => entry.isDirectory() || STILL_OPEN.test(entry.name))) return left;
    this.late.push(folder);
    return [];
  }

  /** Where attempts really lie: Node looks for a stage's code there, so that is what the stage is granted. */
  private get scratch(): string {
    if (this.real === undefined) {
      const scratch = join(this.root, 'scratch');
      makeFolders(scratch);
      this.real = realpathSync(scratch);
      linkOwnPackage(this.root);
    }
    return this.real;
  }

  private at(id: string): Workplace {
    const folder = join(this.scratch, id);
    const unlinked = (remove: (folder: string) => readonly string[]): readonly string[] => {
      this.links.unlink(folder);
      return remove(folder);
    };
    return { id, folder, remove: () => unlinked((path) => this.remove(path)), giveOn: () => unlinked((path) => this.spares.put(path)) };
  }

  checkpoints(work: string): Checkpoints {
    return new LocalCheckpoints(this.root, work);
  }

  finished(): FinishedWork[] {
    return finishedWorks(this.root);
  }
}

/** Says who has the work that is waited for. */
function waitingFor(who: Who | undefined): Waiting {
  const what =
    who === undefined ? 'another run, which executes the same work' : `${nameOf(who)}, which has executed the same work ${forHowLong(who)}`;
  return { reason: 'work', message: `waits for ${what}`, for: who === undefined ? [] : [who] };
}

/** Whether anyone executes the work of an attempt's folder: its lock is held, perhaps by what outlived its coordinator. */
export function isExecuted(root: string, attempt: string): boolean {
  // A job on another machine says so itself: who watched it may be gone, and with it the lease on the work.
  const own = join(root, 'scratch', attempt, LEASES);
  if (hasLeases(own) && new Leases(own).isHeld(ALIVE)) return true;
  const start = attempt.slice(0, WORK_PREFIX);
  const names = namesIn(join(root, 'locks'));
  // An earlier Stillroom, which may have begun it, has a file for each work.
  const former = names.filter((name) => name.startsWith(start) && !name.endsWith('.owner')).map((name) => join(root, 'locks', name));
  return [...(names.includes(WORKS) ? [workPath(root, start)] : []), ...former].some((path) => {
    const lock = tryLockFile(path);
    lock?.release();
    return lock === undefined;
  });
}

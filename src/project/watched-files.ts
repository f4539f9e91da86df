import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { monotonic } from '../model/clock.ts';

/** Milliseconds between two looks, and how many times longer than a look takes. */
const PAUSE = { least: 200, times: 10 } as const;

/** Milliseconds for which nothing may change before a change counts as whole: editors write a file in several steps. */
const SETTLED = 100;

/** Folders of which nothing that counts is ever edited. */
const LEFT_OUT: ReadonlySet<string> = new Set(['.git', 'node_modules']);

/** What editors put beside a file while they write it. */
const BESIDE = /^(?:4913|\.#.*|#.*#|.*~|\..*\.sw[a-z])$/;

function statsOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    // It is not there, or not any more.
    return undefined;
  }
}

/**
 * Looks again and again how files and folders stand. Files that are replaced by a rename are noticed as well as those that are written to, and
 * nothing depends on how the file system tells of changes.
 */
export class WatchedFiles {
  private readonly leftOut: string;
  private paths: readonly string[] = [];
  private stamps: ReadonlyMap<string, string> = new Map();
  /** What has changed and was not told yet. */
  private untold = new Set<string>();

  /** `leftOut`: a folder below which nothing counts. */
  constructor(leftOut: string) {
    this.leftOut = leftOut;
  }

  /** Watches these from now on. Of those that were watched before, a change since then still counts. */
  watch(paths: readonly string[]): void {
    // A file that came since into a folder that was watched is a change too.
    const before = this.look(this.paths);
    this.paths = [...new Set(paths)];
    const now = this.look(this.paths);
    this.stamps = new Map([...now].map(([path, stamp]) => [path, this.stamps.get(path) ?? (before.has(path) ? '' : stamp)]));
  }

  private look(paths: readonly string[]): ReadonlyMap<string, string> {
    const stamps = new Map<string, string>();
    for (const path of paths) this.add(path, stamps);
    return stamps;
  }

  private add(path: string, stamps: Map<string, string>): void {
    if (stamps.has(path) || path === this.leftOut) return;
    const stats = statsOf(path);
    if (stats?.isDirectory() !== true) {
      stamps.set(path, stats === undefined ? '' : `${stats.mtimeMs} ${stats.ctimeMs} ${stats.size} ${stats.ino}`);
      return;
    }
    // An empty folder counts in a source.
    stamps.set(path, 'folder');
    try {
      for (const name of readdirSync(path)) if (!LEFT_OUT.has(name) && !BESIDE.test(name)) this.add(join(path, name), stamps);
    } catch {
      // It went while it was looked at: the next look sees it so.
    }
  }

  /** What was changed, came or went since the last look. */
  private changes(): readonly string[] {
    const now = this.look(this.paths);
    const changed = [...now].filter(([path, stamp]) => (this.stamps.get(path) ?? '') !== stamp).map(([path]) => path);
    const gone = [...this.stamps].filter(([path, stamp]) => stamp !== '' && !now.has(path)).map(([path]) => path);
    this.stamps = now;
    return [...changed, ...gone];
  }

  /** Waits until something changes, and until it has settled: the files that did; empty when the signal comes first, and then the next call tells them. */
  async next(signal: AbortSignal): Promise<readonly string[]> {
    const changed = this.untold;
    while (!signal.aborted) {
      const start = monotonic();
      const found = this.changes();
      const cost = monotonic() - start;
      if (found.length === 0 && changed.size > 0) {
        this.untold = new Set();
        return [...changed];
      }
      for (const path of found) changed.add(path);
      await sleep(changed.size > 0 ? SETTLED : Math.max(PAUSE.least, PAUSE.times * cost), undefined, { signal }).catch(() => undefined);
    }
    return [];
  }
}

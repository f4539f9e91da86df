import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { cli, environment } from './small-project.ts';

interface Entry {
  readonly name: string;
  readonly type: 'file' | 'folder' | 'link';
  readonly key: string;
  readonly target?: string;
}

type Line =
  | { readonly type: 'file'; readonly kind: string; readonly key: string; readonly bytes: string }
  | { readonly type: 'folder'; readonly kind: string; readonly key: string; readonly entries: readonly Entry[] }
  | { readonly type: 'told'; readonly text: string };

/** What a disk holds: folders by what they are, and where the bytes of files are. */
interface Disk {
  readonly root: string;
  readonly folders: Map<string, readonly Entry[]>;
  readonly files: Map<string, string>;
}

/** A folder as a disk holds it when everything has been synced; the bytes are those of an equal folder that stays as it is. */
function wholeDisk(folder: string, equal: string): Disk {
  const folders = new Map<string, readonly Entry[]>();
  const files = new Map<string, string>();
  const keyOf = (path: string): string => {
    const { ino, birthtimeNs } = lstatSync(path, { bigint: true });
    return `${ino}-${birthtimeNs}`;
  };
  const visit = (path: string, same: string): void => {
    const entries = readdirSync(path, { withFileTypes: true }).map((entry): Entry => {
      const inner = join(path, entry.name);
      const key = keyOf(inner);
      if (entry.isSymbolicLink()) return { name: entry.name, type: 'link', key, target: readlinkSync(inner) };
      if (entry.isDirectory()) visit(inner, join(same, entry.name));
      else files.set(key, join(same, entry.name));
      return { name: entry.name, type: entry.isDirectory() ? 'folder' : 'file', key };
    });
    folders.set(keyOf(path), entries);
  };
  visit(folder, equal);
  return { root: keyOf(folder), folders, files };
}

/** A command that has run on a disk that keeps nothing but what is synced. */
export class SyncedRun {
  private readonly before: Disk;
  private readonly lines: readonly Line[];
  readonly code: number | null;

  /** Runs a command in a folder, an equal one of which stays as it is; `skipped`: a kind of sync that does nothing. */
  constructor(
    args: readonly string[],
    {
      folder,
      equal,
      log,
      skipped,
    }: { readonly folder: string; readonly equal: string; readonly log: string; readonly skipped?: string | undefined },
  ) {
    this.before = wholeDisk(folder, equal);
    rmSync(log, { recursive: true, force: true });
    mkdirSync(log, { recursive: true });
    const loader = pathToFileURL(resolve('test/soak/trust/synced-log.mjs')).href;
    const { status } = spawnSync(process.execPath, [cli, ...args], {
      cwd: folder,
      env: {
        ...environment,
        NODE_OPTIONS: `--import ${loader}`,
        SYNCED_LOG: log,
        SYNCED_ROOT: folder,
        ...(skipped === undefined ? {} : { SYNCED_SKIP: skipped }),
      },
    });
    this.code = status;
    const file = join(log, 'log');
    const text = existsSync(file) ? readFileSync(file, 'utf8').trimEnd() : '';
    this.lines = text === '' ? [] : text.split('\n').map((line) => JSON.parse(line) as Line);
  }

  /** The kinds of syncs that were made. */
  get kinds(): string[] {
    return [...new Set(this.lines.flatMap((line) => (line.type === 'told' ? [] : [line.kind])))];
  }

  /** Moments at which the power can fail, each after so many syncs and words. */
  get moments(): number {
    return this.lines.length + 1;
  }

  /** What had been told by a moment. */
  told(moment: number): string {
    return this.lines
      .slice(0, moment)
      .map((line) => (line.type === 'told' ? line.text : ''))
      .join('');
  }

  /** Makes of a folder what a power cut at a moment leaves. */
  restore(moment: number, folder: string): void {
    const folders = new Map(this.before.folders);
    const files = new Map(this.before.files);
    for (const line of this.lines.slice(0, moment)) {
      if (line.type === 'folder') folders.set(line.key, line.entries);
      if (line.type === 'file') files.set(line.key, line.bytes);
    }
    const write = (key: string, path: string): void => {
      mkdirSync(path, { recursive: true });
      for (const { name, type, key: inner, target = '' } of folders.get(key) ?? []) {
        const at = join(path, name);
        const bytes = files.get(inner);
        if (type === 'folder') write(inner, at);
        else if (type === 'link') symlinkSync(target, at);
        else if (bytes === undefined) writeFileSync(at, '');
        else copyFileSync(bytes, at);
      }
    };
    rmSync(folder, { recursive: true, force: true });
    write(this.before.root, folder);
  }
}

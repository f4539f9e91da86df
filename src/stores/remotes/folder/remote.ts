import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, type FileHandle, link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import type { FarObject, FarPage, OpenRemote, Remote, RemoteOpening, Wanted } from '../../../model/remote.ts';
import { RemoteRefusal, TooLarge } from '../../../model/remote.ts';

/** What file systems without hard links say of one, such as those of most USB disks. */
const NO_LINKS: ReadonlySet<unknown> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/** A file that is being written. */
const PART = /^\.[0-9a-f]{12}\.part$/;

/** Files that are looked at at once. */
const AT_ONCE = 64;

/** A remote that is a folder, on a network drive, a USB disk or this disk. It takes no locks: a file appears whole, by a link that fails where there is one. */
class FolderRemote implements Remote {
  readonly name: string;
  readonly trust: readonly string[];
  readonly write: string | undefined;
  private readonly root: string;

  constructor({ name, trust, write, settings, root }: RemoteOpening) {
    this.name = name;
    this.trust = trust;
    this.write = write;
    this.root = resolve(root, String(settings['path']));
  }

  async get(key: string, { most, range }: Wanted): Promise<Uint8Array | undefined> {
    const file = await this.opened(key);
    if (file === undefined) return undefined;
    try {
      const { size } = await file.stat();
      const [from, to] = range ?? [0, size];
      const length = Math.min(to, size) - from;
      if (length > most) throw new TooLarge(key, most);
      return await bytesAt(file, from, Math.max(0, length));
    } finally {
      await file.close();
    }
  }

  /** A file to be read; undefined where there is none. That the folder itself is not there is no answer about a file. */
  private async opened(key: string): Promise<FileHandle | undefined> {
    return (await ifThere(() => open(this.path(key)))) ?? this.absent();
  }

  private async absent(): Promise<undefined> {
    if ((await ifThere(() => stat(this.root))) === undefined)
      throw new RemoteRefusal(`the folder ${this.root} is not there`, 'connect the drive or make the folder');
  }

  async size(key: string): Promise<number | undefined> {
    const stats = (await ifThere(() => stat(this.path(key)))) ?? (await this.absent());
    return stats?.size;
  }

  async put(key: string, bytes: Uint8Array): Promise<boolean> {
    const path = this.path(key);
    if ((await this.size(key)) !== undefined) return false;
    try {
      await access(this.root, constants.W_OK);
    } catch (error) {
      throw new RemoteRefusal(`the folder ${this.root} cannot be written: ${(error as Error).message}`, 'ask for the right to write there');
    }
    const folder = dirname(path);
    await mkdir(folder, { recursive: true });
    const part = join(folder, `.${randomBytes(6).toString('hex')}.part`);
    try {
      const file = await open(part, 'wx', 0o666);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      return await appear(part, path);
    } finally {
      await rm(part, { force: true });
    }
  }

  /** All at once: to list a part of a folder is no less work. */
  async list(prefix: string): Promise<FarPage> {
    await this.absent();
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    const names = (await ifThere(() => readdir(this.path(folder), { recursive: true, withFileTypes: true }))) ?? [];
    const keys = names
      .filter((entry) => entry.isFile() && !PART.test(entry.name))
      .map((entry) =>
        join(entry.parentPath, entry.name)
          .slice(this.root.length + 1)
          .replaceAll(sep, '/'),
      )
      .filter((key) => key.startsWith(prefix))
      .sort();
    const objects: FarObject[] = [];
    for (let at = 0; at < keys.length; at += AT_ONCE) {
      const some = await Promise.all(keys.slice(at, at + AT_ONCE).map((key) => this.object(key)));
      objects.push(...some.flatMap((one) => one ?? []));
    }
    return { objects, next: undefined };
  }

  private async object(key: string): Promise<FarObject | undefined> {
    const stats = await ifThere(() => stat(this.path(key)));
    return stats === undefined ? undefined : { key, size: stats.size, modified: stats.mtimeMs };
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) await rm(this.path(key), { force: true });
  }

  private path(key: string): string {
    return join(this.root, ...key.split('/'));
  }
}

/** So many bytes of a file from a place on, fewer where it ends before. */
async function bytesAt(file: FileHandle, from: number, length: number): Promise<Uint8Array> {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, from + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

/** Gives a whole file its name, unless something has it; returns whether it was new. */
async function appear(part: string, path: string): Promise<boolean> {
  try {
    await link(part, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (!NO_LINKS.has(code)) throw error;
  }
  // Whoever makes the claim may rename. One that is left of a writer that was killed is taken over: then two of the same moment might both be told that theirs was new.
  const claim = `${part.slice(0, part.lastIndexOf(sep) + 1)}.${path.slice(path.lastIndexOf(sep) + 1)}.claim`;
  const isOurs = await mkdir(claim).then(
    () => true,
    () => false,
  );
  try {
    if ((await ifThere(() => stat(path))) !== undefined) return false;
    await rename(part, path);
    return isOurs;
  } finally {
    await rm(claim, { recursive: true, force: true });
  }
}

/** What a question to the file system gives; undefined where what is asked for is not there. */
async function ifThere<Value>(ask: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** Opens a folder as a remote. */
export const openRemote: OpenRemote = (opening) => new FolderRemote(opening);

import { spawnSync } from 'node:child_process';
import { mkdirSync, readlinkSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Bytes of a disk: its file is sparse. */
const SIZE = '96M';

/** Cuts a file system off from its disk: what is in memory only is lost, and with `flush` 2 also what the journal was not yet told. */
const CUT = `import fcntl, os, struct, sys
folder = os.open(sys.argv[1], os.O_RDONLY)
fcntl.ioctl(folder, 0x8004587d, struct.pack('I', int(sys.argv[2])))`;

const unmounting = 'umount';

/** How a disk is mounted: without what hides a missing sync, and with what shows it most. */
export const MOUNTS = ['noauto_da_alloc,commit=300', 'noauto_da_alloc,commit=300,data=writeback', 'commit=300'] as const;

function done(program: string, ...args: string[]): void {
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr}`);
}

/** Why this machine cannot cut disks off; undefined: it can. */
export function hindrance(folder: string): string | undefined {
  if (process.getuid?.() !== 0) return 'it takes root';
  try {
    const disk = Ext4Disk.make(join(folder, 'tried'));
    disk.mount('commit=300');
    disk.cut(2);
    disk.remove();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** A disk of its own in a file, with ext4, that can lose its power. */
export class Ext4Disk {
  /** Where it is seen while it is mounted. */
  readonly folder: string;
  private readonly image: string;
  private isMounted = false;

  private constructor(path: string) {
    this.image = `${path}.ext4`;
    this.folder = path;
    mkdirSync(path, { recursive: true });
  }

  static make(path: string): Ext4Disk {
    const disk = new Ext4Disk(path);
    done('truncate', '-s', SIZE, disk.image);
    done('mkfs.ext4', '-qF', disk.image);
    return disk;
  }

  /** A disk that holds the same; this one must not be mounted. */
  copy(path: string): Ext4Disk {
    const disk = new Ext4Disk(path);
    done('cp', '--sparse=always', this.image, disk.image);
    return disk;
  }

  mount(options: string): void {
    done('mount', '-o', `loop,${options}`, this.image, this.folder);
    this.isMounted = true;
  }

  /** The power fails: 1 = what the journal holds arrives, 2 = not even that. */
  cut(flush: 1 | 2): void {
    done('python3', '-c', CUT, this.folder, String(flush));
  }

  /** Takes the disk out, once those that use it are dead. */
  unmount(): void {
    if (!this.isMounted) return;
    killUsers(this.folder);
    for (let tries = 100; tries > 0 && spawnSync(unmounting, [this.folder]).status !== 0; tries -= 1)
      if (tries === 1) throw new Error(`${this.folder} is in use: ${openBelow('self', this.folder).join(', ')}`);
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    this.isMounted = false;
  }

  remove(): void {
    if (this.isMounted) spawnSync(unmounting, ['-l', this.folder]);
    rmSync(this.image, { force: true });
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What a process has open below a folder, where it stands included. */
function openBelow(pid: string, folder: string): string[] {
  try {
    const links = [`/proc/${pid}/cwd`, ...readdirSync(`/proc/${pid}/fd`).map((fd) => `/proc/${pid}/fd/${fd}`)];
    return links.flatMap((link) => reached(link)).filter((path) => path.startsWith(`${folder}/`));
  } catch {
    return [];
  }
}

function reached(link: string): string[] {
  try {
    return [readlinkSync(link)];
  } catch {
    return [];
  }
}

/** Kills all but this process that have to do with a folder. */
function killUsers(folder: string): void {
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid || openBelow(pid, folder).length === 0) continue;
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
}

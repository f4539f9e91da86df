import { statfsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** Kinds of file systems that several machines may share, by the number that statfs gives: their kernel locks hold here and not always there. */
const KINDS: ReadonlySet<number> = new Set([
  0x6969, // NFS
  0x517b, // SMB
  0xff534d42, // CIFS
  0xfe534d42, // SMB2
  0x01021997, // 9P
  0x0bd00bd0, // Lustre
  0x47504653, // GPFS
  0x19830326, // BeeGFS
  0x00c36400, // Ceph
  0x5346414f, // AFS
  0x65735546, // FUSE: sshfs, GlusterFS and many others
]);

/** Whether other machines may have a folder too; of one that is not there yet, the nearest above it counts. */
export function mayBeShared(folder: string): boolean {
  try {
    return KINDS.has(statfsSync(folder).type);
  } catch (error) {
    const above = dirname(resolve(folder));
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || above === folder) throw error;
    return mayBeShared(above);
  }
}

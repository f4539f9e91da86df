import { statfsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ifPossible } from './durable.ts';
import { forgetFolder } from './folder.ts';

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

/** Whether the folders in some folders may be shared, as far as that was asked. */
const asked = new Map<string, boolean>();

/**
 * Lets this machine forget what it keeps of a folder that other machines may change: what they have done there is seen then. It costs a few
 * questions to the file server; elsewhere nothing is done.
 */
export function lookAnewAt(folder: string): void {
  ifPossible(() => {
    const above = dirname(folder);
    const isShared = asked.get(above) ?? mayBeShared(folder);
    asked.set(above, isShared);
    if (isShared) forgetFolder(folder, folder);
  });
}

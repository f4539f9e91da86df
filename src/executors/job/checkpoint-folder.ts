import { lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { ifPossible } from '../../files/durable.ts';
import { fileStamp } from '../../files/stamp.ts';
import { type JobSpecification, SAVED } from '../../model/job.ts';

/**
 * The folder of an attempt's checkpoints while it is executed. Where there is none yet, an empty one of the attempt's own is moved there, and
 * back if nothing was put into it: to make and to remove one costs some disks more than all else of a short node.
 */
export class CheckpointFolder {
  private readonly folder: string;
  private readonly spare: string;
  /** How it stood when it was moved there; any change of it changes at least its ctime. */
  private stamp: string | undefined;

  constructor({ checkpoints, folder }: Pick<JobSpecification, 'checkpoints' | 'folder'>) {
    this.folder = checkpoints;
    this.spare = join(folder, SAVED);
  }

  /** Sees to it that the folder is there. */
  make(): void {
    ifPossible(() => {
      renameSync(this.spare, this.folder);
      this.stamp = this.standing();
    });
    if (this.stamp === undefined) mkdirSync(this.folder, { recursive: true });
  }

  /** Takes the folder away if nothing was put there; whether the attempt has its own one again, as it was. */
  leave(): boolean {
    const isBack = ifPossible(() => {
      const isAsNew = this.stamp !== undefined && this.stamp === this.standing() && readdirSync(this.folder).length === 0;
      if (isAsNew) renameSync(this.folder, this.spare);
      else rmdirSync(this.folder);
      return isAsNew;
    });
    return isBack === true;
  }

  private standing(): string {
    const stats = lstatSync(this.folder, { bigint: true });
    return `${fileStamp(stats)} ${stats.mode} ${stats.uid} ${stats.gid}`;
  }
}

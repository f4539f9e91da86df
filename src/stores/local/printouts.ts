import { randomBytes } from 'node:crypto';
import { openSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeFolders } from '../../files/folder.ts';
import type { OpenFile, Printouts } from '../../model/printouts.ts';

/** No log of a node and nothing of a sweep is called so. */
const NAME = 'output.txt';

/** What commands print that go on by themselves: among scratch, until it lies beside the logs of a run or the tables of a sweep. */
export class LocalPrintouts implements Printouts {
  private readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  begin(): OpenFile {
    const path = join(this.root, 'scratch', `printed-${randomBytes(6).toString('hex')}`);
    makeFolders(dirname(path));
    return { path, descriptor: openSync(path, 'a') };
  }

  keep(path: string, of: { readonly run: string } | { readonly sweep: string }): string {
    const place = join(this.root, ...('run' in of ? ['logs', of.run] : ['sweeps', of.sweep]), NAME);
    makeFolders(dirname(place));
    renameSync(path, place);
    return place;
  }

  discard(path: string): void {
    rmSync(path, { force: true });
  }
}

import { mkdirSync, readlinkSync, renameSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ifPossible } from '../../files/durable.ts';
import { installation } from '../../model/installation.ts';

/**
 * Makes `stillroom` a package that Node programs find from the folders of attempts below a store, as they look for it in the folders above
 * them: what `stillroom/events` is imported from where the project has not installed it.
 */
export function linkOwnPackage(root: string): void {
  const link = join(root, 'node_modules', 'stillroom');
  const target = installation.replace(/\/$/, '');
  if (ifPossible(() => readlinkSync(link)) === target) return;
  ifPossible(() => {
    mkdirSync(dirname(link), { recursive: true });
    const made = `${link}-${process.pid}`;
    symlinkSync(target, made);
    renameSync(made, link);
  });
}

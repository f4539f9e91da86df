import { basename, dirname, delimiter } from 'node:path';

/** What a user types for this program: `stillroom` where a command of that name was called, else `npx stillroom`. */
export function programName({ argv: [, file = ''], env }: Pick<NodeJS.Process, 'argv' | 'env'>): string {
  // npx puts the project's own commands on the path: they are not on it once it has ended.
  const isByPackageManager = env['npm_command'] !== undefined;
  const isOnPath = (env['PATH'] ?? '').split(delimiter).includes(dirname(file));
  return !isByPackageManager && basename(file) === 'stillroom' && isOnPath ? 'stillroom' : 'npx stillroom';
}

import { shorten } from '../../text/shorten.ts';
import { posix } from 'node:path';
import { isFull, type NodeContext } from './context.ts';

/** Letters of the longest path that Linux takes. */
const LONGEST_PATH = 4096;

/** Paths that lie apart: each is told of another that it lies in, or that lies in it. */
class Apart {
  private readonly taken = new Set<string>();
  /** For each folder around one of them, one of them. */
  private readonly around = new Map<string, string>();

  /** Takes a path; undefined, or the one that is in its way. */
  take(path: string): string | undefined {
    const folders: string[] = [];
    for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) folders.push(path.slice(0, at));
    const other = this.taken.has(path) ? path : (this.around.get(path) ?? folders.find((folder) => this.taken.has(folder)));
    this.taken.add(path);
    for (const folder of folders) if (!this.around.has(folder)) this.around.set(folder, path);
    return other;
  }
}

/** The paths that a command is given or writes, with the pointers of what says so. */
export interface CommandPaths {
  /** Where its inputs stand. */
  readonly inputs: readonly (readonly [pointer: string, path: string])[];
  readonly outputs: readonly (readonly [pointer: string, path: string])[];
  readonly metrics: readonly (readonly [pointer: string, path: string])[];
}

/** Every path of a command lies below its working folder, and none within another. */
export function checkPaths({ inputs, outputs, metrics }: CommandPaths, context: NodeContext): void {
  const { locate, problems } = context;
  const complain = (message: string, pointer: string, hint: string): void =>
    void problems.push(locate.problem('bad-path', message, pointer, 'value', hint));
  const apart = new Apart();
  const check = (pointer: string, path: string, isMetrics: boolean): void => {
    if (path.length > LONGEST_PATH || path.includes('\0')) {
      complain(`the path "${shorten(path, 60)}" is none that a file can have`, pointer, 'choose a shorter one, without zero bytes');
      return;
    }
    const plain = posix.normalize(path).replace(/\/$/, '');
    if (plain.startsWith('/') || plain === '..' || plain.startsWith('../')) {
      complain(`the path "${path}" leaves the working folder`, pointer, 'write it relative to the working folder');
      return;
    }
    if (plain === '.') {
      complain(`the path "${path}" is the working folder itself`, pointer, 'name a folder in it, for example out/');
      return;
    }
    // Metrics may lie in an output, which is then kept with them; an input would be read in their place.
    const other = isMetrics ? inputs.find(([, one]) => posix.normalize(one) === plain)?.[1] : apart.take(plain);
    if (other !== undefined) complain(`the paths "${path}" and "${other}" lie in each other`, pointer, 'choose paths apart');
  };
  for (const [list, isMetrics] of [
    [inputs, false],
    [outputs, false],
    [metrics, true],
  ] as const)
    for (const [pointer, path] of list) if (!isFull(context)) check(pointer, path, isMetrics);
}

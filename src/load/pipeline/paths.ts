import { shorten } from '../../text/shorten.ts';
import { posix } from 'node:path';
import { pointerNames } from '../../text/json-pointer.ts';
import { isFull, type NodeContext } from './context.ts';

/** Letters of the longest path that Linux takes. */
const LONGEST_PATH = 4096;

/** A path that is taken, and the pointer of what says so. */
interface Taken {
  readonly path: string;
  readonly pointer: string;
}

/** Paths that lie apart: each is told of another that it lies in, or that lies in it. */
class Apart {
  private readonly taken = new Map<string, Taken>();
  /** For each folder around one of them, one of them. */
  private readonly around = new Map<string, Taken>();

  /** Takes a path; undefined, or the one that is in its way. */
  take(path: string, pointer: string): Taken | undefined {
    const folders: string[] = [];
    for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) folders.push(path.slice(0, at));
    const other = this.taken.get(path) ?? this.around.get(path) ?? folders.map((folder) => this.taken.get(folder)).find(Boolean);
    if (!this.taken.has(path)) this.taken.set(path, { path, pointer });
    for (const folder of folders) if (!this.around.has(folder)) this.around.set(folder, { path, pointer });
    return other;
  }
}

/** What a pointer within a node stands for: the input "text", the metrics file. */
function partName(pointer: string): string {
  const [, , , section = '', port = ''] = pointerNames(`/${pointer}`);
  return section === 'metrics' ? 'the metrics file' : `the ${section === 'in' ? 'input' : 'output'} "${port}"`;
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
      complain(
        `the path "${path}" leaves the working folder`,
        pointer,
        `a command works in a folder of its own: write ${posix.basename(plain) === '..' ? 'a path in it' : posix.basename(plain)}`,
      );
      return;
    }
    if (plain === '.') {
      complain(`the path "${path}" is the working folder itself`, pointer, 'name a folder in it, for example out/');
      return;
    }
    // Metrics may lie in an output, which is then kept with them; an input would be read in their place.
    const input = inputs.find(([, one]) => posix.normalize(one) === plain);
    const other = isMetrics ? (input === undefined ? undefined : { path: input[1], pointer: input[0] }) : apart.take(plain, pointer);
    if (other === undefined) return;
    const [name, otherName] = [partName(pointer), partName(other.pointer)];
    const where = other.path === plain ? `where ${otherName} stands too` : `and ${otherName} at "${other.path}": one lies in the other`;
    complain(
      `${name} stands at "${path}", ${where}`,
      pointer,
      `choose another path for one of them${name.includes('input') ? ', with "at"' : ''}`,
    );
  };
  for (const [list, isMetrics] of [
    [inputs, false],
    [outputs, false],
    [metrics, true],
  ] as const)
    for (const [pointer, path] of list) if (!isFull(context)) check(pointer, path, isMetrics);
}

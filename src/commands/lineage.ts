import type { LineageOrigin, LineageStep } from '../project/records.ts';
import { dim, type Line, strong } from '../text/styled.ts';
import { wrapBelow } from '../text/wrapped.ts';

/** How lineage is shown. */
interface Shown {
  /** Each instance that something comes from, not those of one node together. */
  readonly all: boolean;
  readonly width: number | undefined;
}

/** What an input takes, without the matrix point of the instance that made it: `teacher.out`. */
function withoutPoint(origin: string): string {
  return origin.replace(/\[.*\](?=\.[\w-]+$)/, '');
}

/** Inputs that a port takes from instances of one node, together. */
function folded<Step extends LineageOrigin>(steps: readonly Step[], all: boolean): readonly (readonly [Step, ...Step[]])[] {
  const groups = new Map<string, [Step, ...Step[]]>();
  for (const step of steps) {
    const key = `${step.port} ${all ? step.origin : withoutPoint(step.origin)}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [step]);
    else group.push(step);
  }
  return [...groups.values()];
}

/** Where each input comes from, in columns: its port, the origin, and the digest of a single one. */
export function originRows(origins: readonly LineageOrigin[], all: boolean): readonly (readonly Line[])[] {
  return folded(origins, all).map((group) => {
    const [{ port, origin, digest }] = group;
    if (group.length > 1) return [port, `← ${withoutPoint(origin)} × ${group.length}`, ''];
    return [port, `← ${origin}`, dim(digest?.slice(0, 12) ?? '')];
  });
}

/** What a node comes from, down to the sources. */
export function lineage(steps: readonly LineageStep[], shown: Shown): readonly Line[] {
  return steps.length === 0 ? [] : ['', strong('comes from'), ...lineageLines(steps, 1, shown)];
}

function lineageLines(steps: readonly LineageStep[], depth: number, shown: Shown): readonly Line[] {
  return folded(steps, shown.all).flatMap((group) => {
    const [{ port, origin, digest, stage, from }] = group;
    const isOne = group.length === 1;
    const known: Line = digest === null || !isOne ? '' : [' ', dim(digest.slice(0, 12))];
    const line: Line = [
      '  '.repeat(depth),
      isOne ? `${port} ← ${origin}` : `${port} ← ${withoutPoint(origin)} × ${group.length}`,
      known,
      stage === null ? '' : ` (${stage})`,
      from === undefined ? ', as above' : '',
    ];
    return [...wrapBelow(line, shown.width, 2 * depth + 4), ...lineageLines(from ?? [], depth + 1, shown)];
  });
}

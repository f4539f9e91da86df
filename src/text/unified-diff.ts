/** One line of an edit script. */
interface Edit {
  readonly kind: ' ' | '-' | '+';
  readonly line: string;
}

/** Lines of unchanged text shown around each change. */
const CONTEXT = 3;

/** Beyond this many differing lines the middle of two texts is shown as replaced whole. */
const LARGEST_SCRIPT = 2000;

/**
 * The shortest edit script of two lists of lines: E. W. Myers, "An O(ND) Difference Algorithm and Its Variations", Algorithmica 1 (1986).
 */
function shortestScript(before: readonly string[], after: readonly string[]): Edit[] {
  const reach = new Map<number, number>([[1, 0]]);
  const trail: Map<number, number>[] = [];
  for (let steps = 0; steps <= Math.min(LARGEST_SCRIPT, before.length + after.length); steps += 1) {
    trail.push(new Map(reach));
    for (let diagonal = -steps; diagonal <= steps; diagonal += 2) {
      const isDown = diagonal === -steps || (diagonal !== steps && (reach.get(diagonal - 1) ?? -1) < (reach.get(diagonal + 1) ?? -1));
      let x = isDown ? (reach.get(diagonal + 1) ?? 0) : (reach.get(diagonal - 1) ?? 0) + 1;
      while (x < before.length && x - diagonal < after.length && before[x] === after[x - diagonal]) x += 1;
      reach.set(diagonal, x);
      if (x >= before.length && x - diagonal >= after.length) return walkBack(before, after, trail);
    }
  }
  return [...before.map((line): Edit => ({ kind: '-', line })), ...after.map((line): Edit => ({ kind: '+', line }))];
}

function walkBack(before: readonly string[], after: readonly string[], trail: readonly ReadonlyMap<number, number>[]): Edit[] {
  const script: Edit[] = [];
  let [x, y] = [before.length, after.length];
  for (let steps = trail.length - 1; steps >= 0; steps -= 1) {
    const reach = trail[steps] ?? new Map<number, number>();
    const diagonal = x - y;
    const isDown = diagonal === -steps || (diagonal !== steps && (reach.get(diagonal - 1) ?? -1) < (reach.get(diagonal + 1) ?? -1));
    const from = isDown ? diagonal + 1 : diagonal - 1;
    const startX = reach.get(from) ?? 0;
    const startY = startX - from;
    while (x > startX && y > startY && x > 0 && y > 0) {
      script.push({ kind: ' ', line: before[x - 1] ?? '' });
      x -= 1;
      y -= 1;
    }
    if (steps === 0) break;
    script.push(isDown ? { kind: '+', line: after[startY] ?? '' } : { kind: '-', line: before[startX] ?? '' });
    [x, y] = [startX, startY];
  }
  return script.reverse();
}

/**
 * Two texts as a unified diff with three lines of context; no lines where they are equal. `line`: the one at which the texts begin in their
 * file.
 */
export function unifiedDiff(name: string, before: string, after: string, line = 1): string[] {
  if (before === after) return [];
  const split = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));
  const script = shortestScript(split(before), split(after));
  const shown = new Set<number>();
  for (const [index, { kind }] of script.entries())
    if (kind !== ' ') for (let near = index - CONTEXT; near <= index + CONTEXT; near += 1) shown.add(near);
  const lines = [`--- a/${name}`, `+++ b/${name}`];
  let [oldLine, newLine] = [line, line];
  for (let index = 0; index < script.length; ) {
    if (!shown.has(index)) {
      oldLine += 1;
      newLine += 1;
      index += 1;
      continue;
    }
    const hunk: Edit[] = [];
    const [oldStart, newStart] = [oldLine, newLine];
    for (; index < script.length && shown.has(index); index += 1) {
      const edit = script[index] as Edit;
      hunk.push(edit);
      if (edit.kind !== '+') oldLine += 1;
      if (edit.kind !== '-') newLine += 1;
    }
    const range = (start: number, end: number): string => `${end === start ? start - 1 : start},${end - start}`;
    lines.push(`@@ -${range(oldStart, oldLine)} +${range(newStart, newLine)} @@`, ...hunk.map(({ kind, line }) => kind + line));
  }
  return lines;
}

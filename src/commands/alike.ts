import { nodeOf } from '../model/folded-names.ts';
import type { Problem } from '../model/problem.ts';

/** Names that are listed of those that failed alike. */
const LISTED = 8;

/**
 * Problems of instances of a node that failed alike, told once: at the first one, with the names of the others. `failed`: the names of all
 * instances that failed.
 */
export function foldAlike(problems: readonly Problem[], failed: readonly string[]): readonly Problem[] {
  const groups = new Map<string, { readonly first: Problem; readonly others: string[] }>();
  for (const [index, problem] of problems.entries()) {
    const name = failed.find((one) => problem.message.startsWith(`${one} `));
    const alike = name === undefined ? String(index) : `${nodeOf(name)} ${problem.code} ${withoutOwn(problem.message.slice(name.length))}`;
    const group = groups.get(alike);
    if (group === undefined) groups.set(alike, { first: problem, others: [] });
    else if (name !== undefined) group.others.push(name);
  }
  return [...groups.values()].map(({ first, others }) => {
    if (others.length === 0) return first;
    const listed = others.slice(0, LISTED).join(', ');
    const more = others.length > LISTED ? ` and ${others.length - LISTED} more` : '';
    const names = `so ended ${listed}${more}`;
    return { ...first, hint: first.hint === undefined ? names : `${first.hint}\n  ${names}` };
  });
}

/** A message without the numbers in it, which may differ between instances. */
function withoutOwn(message: string): string {
  return message.replaceAll(/\d+(?:\.\d+)?/g, '#');
}

import { shortenMiddle } from './shorten.ts';
import { distance } from 'fastest-levenshtein';

/** How many slips of a hand make one name of another; two neighbours that changed places are one slip. */
function mistakes(a: string, b: string): number {
  const at = [...a].findIndex((letter, index) => letter !== b[index]);
  const swapped = at === -1 ? a : a.slice(0, at) + (a[at + 1] ?? '') + a[at] + a.slice(at + 2);
  return swapped === b ? Math.min(1, distance(a, b)) : distance(a, b);
}

/** How many letters two names have in common at their beginning and at their end: of two that are as near, that which has more is meant. */
function alike(a: string, b: string): number {
  const shortest = Math.min(a.length, b.length);
  let [start, end] = [0, 0];
  while (start < shortest && a[start] === b[start]) start += 1;
  while (end < shortest && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  return start + end;
}

/** Letters of a name that is compared, and names that it is compared with: a hint is not worth more. */
const MOST = { letters: 64, names: 10_000 };

/** The name nearest to a mistyped one, if any is near enough to be meant: within `most` slips of a hand. */
export function nearest(name: string, names: Iterable<string>, most = Math.max(1, Math.floor(name.length / 3))): string | undefined {
  let best: string | undefined;
  let least = most;
  if (name.length > MOST.letters) return undefined;
  for (const candidate of names) {
    if (Math.abs(candidate.length - name.length) > least) continue;
    const far = mistakes(name.toLowerCase(), candidate.toLowerCase());
    if (far > least || (far === least && best !== undefined && alike(name, candidate) <= alike(name, best))) continue;
    best = candidate;
    least = far;
  }
  return best;
}

/** The file that is meant by a name that there is not: the nearest one, or that of the same stem. */
export function nearestFile(name: string, names: readonly string[]): string | undefined {
  const stem = (one: string): string => one.replace(/\.[^.]*$/, '');
  return nearest(name, names) ?? names.find((one) => one !== name && stem(one) !== '' && stem(one) === stem(name));
}

/** Letters of a name that may stand for a longer one that begins with it. */
const SHORTEST_PART = 3;

/** The one name that ends in a part of it, or that is cut short or drawn out: `fps` is `benchmark.fps`, `minimum` is `min`. */
function inPart(name: string, known: readonly string[]): string | undefined {
  const isPart = (part: string, whole: string): boolean =>
    part.length >= SHORTEST_PART && whole.toLowerCase().startsWith(part.toLowerCase());
  for (const fits of [(one: string) => one.endsWith(`.${name}`), (one: string) => isPart(one, name) || isPart(name, one)]) {
    const [first, ...others] = name === '' ? [] : known.filter(fits);
    if (first !== undefined) return others.length === 0 ? first : undefined;
  }
  return undefined;
}

/** Names that a hint lists. */
const LISTED = 20;

/** A hint for an unknown name: the nearest known one, else the list of all. */
export function suggestion(name: string, names: Iterable<string>): string {
  const known = [...names];
  const near = nearest(name, known.slice(0, MOST.names)) ?? inPart(name, known);
  if (near !== undefined) return `did you mean "${near}"?`;
  if (known.length === 0) return 'none is known here';
  const listed = known
    .slice(0, LISTED)
    .map((one) => shortenMiddle(one, MOST.letters))
    .join(', ');
  return `known: ${listed}${known.length > LISTED ? ', …' : ''}`;
}

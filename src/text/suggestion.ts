import { shortenMiddle } from './shorten.ts';
import { distance } from 'fastest-levenshtein';

/** How many slips of a hand make one name of another; two neighbours that changed places are one slip. */
function mistakes(a: string, b: string): number {
  const at = [...a].findIndex((letter, index) => letter !== b[index]);
  const swapped = at === -1 ? a : a.slice(0, at) + (a[at + 1] ?? '') + a[at] + a.slice(at + 2);
  return swapped === b ? Math.min(1, distance(a, b)) : distance(a, b);
}

/** Letters of a name that is compared, and names that it is compared with: a hint is not worth more. */
const MOST = { letters: 64, names: 10_000 };

/** The name nearest to a mistyped one, if any is near enough to be meant. */
export function nearest(name: string, names: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.max(1, Math.floor(name.length / 3)) + 1;
  if (name.length > MOST.letters) return undefined;
  for (const candidate of names) {
    if (Math.abs(candidate.length - name.length) >= least) continue;
    const far = mistakes(name.toLowerCase(), candidate.toLowerCase());
    if (far < least) {
      best = candidate;
      least = far;
    }
  }
  return best;
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

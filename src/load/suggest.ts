import { distance } from 'fastest-levenshtein';

/** The name nearest to a mistyped one, if any is near enough to be meant. */
function nearest(name: string, names: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of names) {
    const far = distance(name.toLowerCase(), candidate.toLowerCase());
    if (far < least) {
      best = candidate;
      least = far;
    }
  }
  return best;
}

/** A hint for an unknown name: the nearest known one, else the list of all. */
export function suggestion(name: string, names: Iterable<string>): string {
  const known = [...names];
  const near = nearest(name, known);
  if (near !== undefined) return `did you mean "${near}"?`;
  if (known.length === 0) return 'none is known here';
  const listed = known.slice(0, 12).join(', ');
  return `known: ${listed}${known.length > 12 ? ', …' : ''}`;
}

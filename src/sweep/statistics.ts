import type { Json } from '../model/json.ts';
import type { Dimension, Space, Trial } from '../model/sweep.ts';
import { squaresAroundMean } from '../text/mean.ts';
import { toScale } from './space.ts';

/** The fewest trials from which an influence is told. */
const FEWEST = 4;
/** Ranges are cut into at most so many parts of equally many trials. */
const MOST_PARTS = 6;

/** The part that each value belongs to: one for each choice, or parts of a range that hold equally many. */
function partsOf({ domain }: Dimension, values: readonly (Json | undefined)[]): string[] {
  const distinct = new Set(values.map((value) => JSON.stringify(value)));
  if (domain.kind === 'choice' || distinct.size <= MOST_PARTS) return values.map((value) => JSON.stringify(value) ?? '');
  const count = Math.max(2, Math.min(MOST_PARTS, Math.floor(values.length / FEWEST)));
  const places = values.map((value) => (value === undefined ? undefined : toScale(domain, Number(value))));
  const sorted = places.filter((place) => place !== undefined).sort((a, b) => a - b);
  return places.map((place) => (place === undefined ? '' : String(Math.floor((sorted.indexOf(place) * count) / sorted.length))));
}

/** How much of an objective's variance a param explains by itself. */
export interface Influence {
  readonly name: string;
  /** From 0 to 1. */
  readonly share: number;
}

/**
 * The influence of each param on the first objective, the largest first: the share of the variance between the groups of trials with equal
 * (or similar) values, less what chance alone would give (Kelley's epsilon squared). Empty where there is too little to tell.
 */
export function influences(space: Space, trials: readonly Trial[]): Influence[] {
  const done = trials.filter(({ state, losses }) => state === 'done' && losses !== undefined);
  const losses = done.map((trial) => trial.losses?.[0] ?? 0);
  const total = squaresAroundMean(losses);
  if (done.length < FEWEST || total === 0) return [];
  const found = space.map((dimension) => {
    const parts = partsOf(
      dimension,
      done.map(({ params }) => params[dimension.name]),
    );
    const groups = new Map<string, number[]>();
    for (const [index, part] of parts.entries()) groups.set(part, [...(groups.get(part) ?? []), losses[index] ?? 0]);
    const within = [...groups.values()].reduce((sum, group) => sum + squaresAroundMean(group), 0);
    const freedom = done.length - groups.size;
    const unexplained = freedom > 0 ? (within / freedom) * (done.length - 1) : within;
    return { name: dimension.name, share: Math.max(0, Math.min(1, 1 - unexplained / total)) };
  });
  return found.sort((a, b) => b.share - a.share);
}

import { canonicalJson, digestOf, exactJson } from '../model/canonical.ts';
import type { RunRow } from '../model/run-row.ts';
import { squaresAroundMean } from '../text/mean.ts';

/** How far a metric moves when nothing but the seed changes. */
export interface Noise {
  /** Standard deviation, pooled over the groups of runs that share everything but their seed. */
  readonly deviation: number;
  /** How many runs it comes from. */
  readonly runs: number;
}

const isSeed = (name: string): boolean => /(^|\.)seed$/.test(name);

/** Seeds, and the digest of all other params. */
interface SplitParams {
  readonly seeds: string;
  readonly others: string;
}

/** Params as they were split: rows of many share theirs. */
const known = new WeakMap<RunRow['params'], SplitParams>();

function splitOf(params: RunRow['params']): SplitParams {
  const before = known.get(params);
  if (before !== undefined) return before;
  const those = (seeds: boolean): object =>
    Object.fromEntries(Object.entries(params).flatMap(([name, value]) => (isSeed(name) === seeds ? [[name, exactJson(value)]] : [])));
  const split = { seeds: canonicalJson(those(true)), others: digestOf(those(false)) };
  known.set(params, split);
  return split;
}

/** All that two runs that differ only in their seed share; and their seeds. */
function keysOf({ pipeline, work, params }: RunRow): { readonly group: string; readonly seed: string } {
  const { seeds, others } = splitOf(params);
  return { group: JSON.stringify([pipeline, work, others]), seed: seeds };
}

/** The noise of each metric around some runs, from the done runs that are like one of them but for the seed. */
export function seedNoise(rows: readonly RunRow[], ids: readonly string[]): ReadonlyMap<string, Noise> {
  const wanted = new Set(rows.filter(({ run }) => ids.includes(run)).map((row) => keysOf(row).group));
  const groups = new Map<string, Map<string, RunRow>>();
  for (const row of rows.filter(({ state }) => state === 'done')) {
    const { group, seed } = keysOf(row);
    if (!wanted.has(group)) continue;
    const seeds = groups.get(group) ?? new Map<string, RunRow>();
    groups.set(group, seeds.set(seed, row));
  }
  const sums = new Map<string, { squares: number; freedom: number; runs: number }>();
  for (const seeds of groups.values()) {
    const members = [...seeds.values()];
    for (const metric of new Set(members.flatMap(({ metrics }) => Object.keys(metrics)))) {
      const values = members.flatMap(({ metrics }) => metrics[metric] ?? []);
      if (values.length < 2) continue;
      const sum = sums.get(metric) ?? { squares: 0, freedom: 0, runs: 0 };
      sum.squares += squaresAroundMean(values);
      sum.freedom += values.length - 1;
      sum.runs += values.length;
      sums.set(metric, sum);
    }
  }
  return new Map([...sums].map(([metric, { squares, freedom, runs }]) => [metric, { deviation: Math.sqrt(squares / freedom), runs }]));
}

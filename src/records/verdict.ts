import type { Manifest } from '../model/artifact.ts';
import type { RunNode, RunRecord } from '../model/run.ts';
import { firstDifference, isSameArtifact, type Reading } from './same-artifact.ts';

/** How an artifact came out when its run was done again. `missing`: its node failed or was not reached. */
export type Verdict = 'identical' | 'within-tolerance' | 'different' | 'missing';

/** A metric that came out otherwise, or a measurement beside its earlier one. */
export interface MetricDelta {
  readonly node: string;
  readonly metric: string;
  readonly recorded: number | null;
  readonly reproduced: number | null;
  /** The declared largest difference at which two results still count as the same. */
  readonly tolerance: number | null;
}

/** The verdict on one artifact. */
export interface ArtifactVerdict {
  readonly node: string;
  readonly port: string;
  readonly verdict: Verdict;
  readonly recorded: string;
  readonly reproduced: string | null;
  /** Of a folder: the first file that differs, with how; of a file: that only its executable bit does. */
  readonly file: string | null;
  /** Of one within tolerance: the metric that is nearest to its tolerance. */
  readonly largest: MetricDelta | null;
  /** Its node's inputs that did not come out identical. */
  readonly inputs: readonly string[];
}

/** All verdicts on a run that was done again. */
export interface Verdicts {
  readonly verdict: Verdict;
  readonly artifacts: readonly ArtifactVerdict[];
  /** Metrics that are no measurements and came out otherwise. */
  readonly metrics: readonly MetricDelta[];
  /** Measurements, then and now: never part of a verdict. */
  readonly measured: readonly MetricDelta[];
}

/** Decimal tolerances are not exact in binary. */
const ROUNDING = 1e-9;

const GRAVITY: readonly Verdict[] = ['identical', 'within-tolerance', 'different', 'missing'];

/** Compares two runs of the same nodes artifact by artifact. `manifest` reads a folder's manifest by digest, where it still is. */
export function compareRuns(
  before: RunRecord,
  after: RunRecord,
  names: readonly string[],
  manifest: (digest: string) => Manifest | undefined,
): Verdicts {
  const reading: Reading = { format: Math.min(before.format, after.format), manifest };
  const artifacts: ArtifactVerdict[] = [];
  const all: (MetricDelta & { readonly measured: boolean })[] = [];
  const unequal = new Set<string>();
  for (const name of names) {
    const [old, now] = [before.nodes[name], after.nodes[name]];
    if (old === undefined) continue;
    const deltas = metricDeltas(name, old, now);
    all.push(...deltas);
    for (const [port, artifact] of Object.entries(old.outputs ?? {})) {
      if (artifact.measured) continue;
      const reproduced = now?.outputs?.[port];
      const isSame = reproduced !== undefined && isSameArtifact(artifact, reproduced, reading);
      const nearest = isSame || reproduced === undefined ? undefined : withinTolerance(old, deltas);
      const verdict: Verdict =
        reproduced === undefined ? 'missing' : isSame ? 'identical' : nearest === undefined ? 'different' : 'within-tolerance';
      if (verdict !== 'identical') unequal.add(`${name}.${port}`);
      artifacts.push({
        node: name,
        port,
        verdict,
        recorded: artifact.digest,
        reproduced: reproduced?.digest ?? null,
        file: isSame || reproduced === undefined ? null : firstDifference(artifact, reproduced, reading),
        largest: nearest ?? null,
        inputs: verdict === 'identical' ? [] : producersIn(old).filter((from) => unequal.has(from)),
      });
    }
  }
  const gravest = Math.max(0, ...artifacts.map(({ verdict }) => GRAVITY.indexOf(verdict)));
  return {
    verdict: gravest >= GRAVITY.indexOf('different') ? 'different' : (GRAVITY[gravest] ?? 'identical'),
    artifacts,
    metrics: all.filter(({ measured, recorded, reproduced }) => !measured && recorded !== reproduced).map(plain),
    measured: all.filter(({ measured }) => measured).map(plain),
  };
}

function plain({ node, metric, recorded, reproduced, tolerance }: MetricDelta): MetricDelta {
  return { node, metric, recorded, reproduced, tolerance };
}

function metricDeltas(node: string, old: RunNode, now: RunNode | undefined): (MetricDelta & { readonly measured: boolean })[] {
  const names = [...new Set([...Object.keys(old.metrics ?? {}), ...Object.keys(now?.metrics ?? {})])];
  return names.map((metric) => ({
    node,
    metric,
    recorded: old.metrics?.[metric]?.value ?? null,
    reproduced: now?.metrics?.[metric]?.value ?? null,
    tolerance: old.recipe?.metrics[metric]?.tolerance ?? null,
    measured: (old.metrics?.[metric] ?? now?.metrics?.[metric])?.measured === true,
  }));
}

/**
 * Whether a node's unequal outputs still count as the same: it declares tolerances, and no metric of it but measurements left its own (one
 * without a tolerance must be equal). Returns the metric nearest to its tolerance.
 */
function withinTolerance(old: RunNode, deltas: readonly (MetricDelta & { readonly measured: boolean })[]): MetricDelta | undefined {
  const judged = deltas.filter(({ measured }) => !measured);
  const declared = judged.filter(({ metric }) => old.recipe?.metrics[metric]?.tolerance !== undefined);
  const share = ({ recorded, reproduced, tolerance }: MetricDelta): number => {
    if (recorded === null || reproduced === null) return Number.POSITIVE_INFINITY;
    const difference = Math.abs(recorded - reproduced);
    return difference === 0 ? 0 : difference / (tolerance ?? 0);
  };
  if (declared.length === 0 || judged.some((delta) => share(delta) > 1 + ROUNDING)) return undefined;
  const [nearest] = declared.toSorted((a, b) => share(b) - share(a));
  return nearest === undefined ? undefined : plain(nearest);
}

function producersIn({ recipe }: RunNode): string[] {
  const origins = (recipe?.inputs ?? []).flatMap(({ elements }) => elements.map(({ origin }) => origin));
  return origins.flatMap((origin) => (origin.kind === 'output' ? [`${origin.instance}.${origin.port}`] : []));
}

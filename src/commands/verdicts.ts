import type { FactDifference } from '../engine/reproduction.ts';
import type { ArtifactVerdict, MetricDelta, Verdict, Verdicts } from '../records/verdict.ts';
import type { RunRecord } from '../model/run.ts';
import { figure } from '../text/figures.ts';

const WORDS: Readonly<Record<Verdict, string>> = {
  identical: 'identical',
  'within-tolerance': 'within tolerance',
  different: 'different',
  missing: 'missing',
};

function delta({ metric, recorded, reproduced, tolerance }: MetricDelta): string {
  const value = (number: number | null): string => (number === null ? 'none' : figure(number));
  const difference =
    recorded === null || reproduced === null || recorded === reproduced
      ? ''
      : ` (${tolerance === null ? '' : `tolerance ${tolerance}, `}difference ${Number(Math.abs(recorded - reproduced).toPrecision(3))})`;
  return `${metric} ${value(recorded)} → ${value(reproduced)}${difference}`;
}

function detail(artifact: ArtifactVerdict, metrics: readonly MetricDelta[]): string {
  if (artifact.verdict === 'identical') return '';
  if (artifact.verdict === 'missing') return 'its node did not come to its end';
  if (artifact.largest !== null) return delta(artifact.largest);
  const parts = [`${artifact.recorded.slice(0, 12)} → ${artifact.reproduced?.slice(0, 12)}`];
  if (artifact.file !== null) parts.push(`first in ${artifact.file}`);
  parts.push(...metrics.filter(({ node }) => node === artifact.node).map(delta));
  if (artifact.inputs.length > 0) parts.push(`its input ${artifact.inputs.join(', ')} came out otherwise already`);
  return parts.join('; ');
}

/** Prints what became of each artifact, what was measured then and now, and what is otherwise here than it was recorded. */
export function printVerdicts(record: RunRecord, verdicts: Verdicts, facts: readonly FactDifference[]): void {
  const { artifacts, metrics, measured, verdict } = verdicts;
  const line = (text: string): void => void process.stdout.write(`${text.trimEnd()}\n`);
  const width = Math.max(0, ...artifacts.map(({ node, port }) => node.length + port.length + 1));
  for (const artifact of artifacts)
    line(`  ${WORDS[artifact.verdict].padEnd(16)}  ${`${artifact.node}.${artifact.port}`.padEnd(width)}  ${detail(artifact, metrics)}`);
  if (measured.length > 0) {
    line('measured then and now, not judged:');
    for (const one of measured) line(`  ${one.node}.${delta({ ...one, tolerance: null })}`);
  }
  if (facts.length > 0) {
    line('otherwise than recorded:');
    for (const { what, recorded, now } of facts) line(`  ${what}: ${recorded} → ${now}`);
  }
  const equal = artifacts.filter((one) => one.verdict === 'identical').length;
  line(
    `${record.pipeline} ${record.hash?.slice(0, 12) ?? record.id}: ${WORDS[verdict]}; ${equal} of ${artifacts.length} artifacts are identical`,
  );
}

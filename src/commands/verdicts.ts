import type { ArtifactVerdict, MetricDelta, Reproduction, Verdict, Verdicts } from '../project/reproduce.ts';
import { figure } from '../text/figures.ts';
import { textTable } from '../text/table.ts';

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

/** What became of each artifact, what was measured then and now, and what is otherwise here than it was recorded. */
export function verdictLines({ record, differences }: Reproduction, { artifacts, metrics, measured, verdict }: Verdicts): string[] {
  const equal = artifacts.filter((one) => one.verdict === 'identical').length;
  const named = `${record.pipeline} ${record.hash?.slice(0, 12) ?? record.id}`;
  return [
    ...textTable(artifacts.map((one) => [WORDS[one.verdict].padEnd(16), `${one.node}.${one.port}`, detail(one, metrics)])).map(
      (line) => `  ${line}`,
    ),
    ...(measured.length === 0 ? [] : ['measured then and now, not judged:']),
    ...measured.map((one) => `  ${one.node}.${delta({ ...one, tolerance: null })}`),
    ...(differences.length === 0 ? [] : ['otherwise than recorded:']),
    ...differences.map(({ what, recorded, now }) => `  ${what}: ${recorded} → ${now}`),
    `${named}: ${WORDS[verdict]}; ${equal} of ${artifacts.length} artifacts are identical`,
  ].map((line) => line.trimEnd());
}

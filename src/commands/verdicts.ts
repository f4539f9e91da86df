import { foldedNames, nodeOf } from '../model/folded-names.ts';
import type { ArtifactVerdict, MetricDelta, Reproduction, Verdict, Verdicts } from '../project/reproduce.ts';
import { counted } from '../text/amounts.ts';
import { figure } from '../text/figures.ts';
import { bad, dim, good, type Line, strong, warned } from '../text/styled.ts';
import { wrapBelow } from '../text/wrapped.ts';
import { section } from './sections.ts';

const WORDS: Readonly<Record<Verdict, string>> = {
  identical: 'identical',
  'within-tolerance': 'within tolerance',
  different: 'different',
  missing: 'missing',
};

const STYLES: Readonly<Record<Verdict, (text: string) => Line>> = {
  identical: good,
  'within-tolerance': warned,
  different: bad,
  missing: bad,
};

/** The worst first. */
const ORDER: readonly Verdict[] = ['missing', 'different', 'within-tolerance', 'identical'];

function values({ recorded, reproduced, tolerance }: MetricDelta): string {
  const value = (number: number | null): string => (number === null ? 'none' : figure(number));
  const difference =
    recorded === null || reproduced === null || recorded === reproduced
      ? ''
      : ` (${tolerance === null ? '' : `tolerance ${tolerance}, `}difference ${Number(Math.abs(recorded - reproduced).toPrecision(3))})`;
  return `${value(recorded)} → ${value(reproduced)}${difference}`;
}

function delta(one: MetricDelta): string {
  return `${one.metric} ${values(one)}`;
}

function detail(artifact: ArtifactVerdict, metrics: readonly MetricDelta[]): string {
  if (artifact.verdict === 'identical') return '';
  if (artifact.verdict === 'missing') return 'its node did not come to its end';
  if (artifact.largest !== null) return delta(artifact.largest);
  const parts = [`${artifact.recorded.slice(0, 12)} → ${artifact.reproduced?.slice(0, 12)}`];
  if (artifact.file !== null) parts.push(`first in ${artifact.file}`);
  parts.push(...metrics.filter(({ node }) => node === artifact.node).map(delta));
  if (artifact.inputs.length > 0) parts.push(`its input ${foldedNames(artifact.inputs).join(', ')} came out otherwise already`);
  return parts.join('; ');
}

/** How the verdicts are shown. */
interface Shown {
  /** Each artifact in a line of its own. */
  readonly all: boolean;
  readonly width: number | undefined;
}

/** The verdict first; then what became of each artifact, what was measured then and now, and what is otherwise here than it was recorded. */
export function verdictLines({ record, differences }: Reproduction, verdicts: Verdicts, { all, width }: Shown): readonly Line[] {
  const { artifacts, metrics, measured, verdict } = verdicts;
  const equal = artifacts.filter((one) => one.verdict === 'identical').length;
  const named = `${record.pipeline} ${record.hash?.slice(0, 12) ?? record.id}`;
  const count = `${equal} of ${counted(artifacts.length, 'artifact')} ${artifacts.length === 1 ? 'is' : 'are'} identical`;
  const rows = all ? artifacts.map((one) => artifactRow(one, metrics)) : foldedRows(artifacts, metrics);
  return [
    ...wrapBelow([strong(named), ': ', STYLES[verdict](WORDS[verdict]), `; ${count}`], width, 2),
    ...section('artifacts', rows, width),
    ...section(
      'measured then and now, not judged',
      measured.map((one) => [`${one.node}.${one.metric}`, values({ ...one, tolerance: null })]),
      width,
    ),
    ...section(
      'otherwise than recorded',
      differences.map(({ what, recorded, now }) => [what, [dim(recorded), ' → ', now]]),
      width,
    ),
  ];
}

function artifactRow(artifact: ArtifactVerdict, metrics: readonly MetricDelta[]): readonly Line[] {
  return [STYLES[artifact.verdict](WORDS[artifact.verdict]), `${artifact.node}.${artifact.port}`, detail(artifact, metrics)];
}

/** The worst first; identical artifacts of a node's instances in one line. */
function foldedRows(artifacts: readonly ArtifactVerdict[], metrics: readonly MetricDelta[]): readonly (readonly Line[])[] {
  const sorted = artifacts.toSorted((a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict));
  const groups = new Map<string, ArtifactVerdict[]>();
  for (const one of sorted) {
    const key = `${one.verdict} ${nodeOf(one.node)}.${one.port} ${detail(one, metrics)}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].map((group) => {
    const [first] = group as [ArtifactVerdict];
    const [verdict = '', name = '', told = ''] = artifactRow(first, metrics);
    return [verdict, group.length === 1 ? name : `${nodeOf(first.node)}.${first.port} × ${group.length}`, told];
  });
}

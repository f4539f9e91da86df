import { counted } from '../text/amounts.ts';
import type { RunRecord } from '../model/run.ts';
import type { CodeChange, ComparedRun, MetricChange, Noise, RunChange } from '../project/records.ts';
import { figure } from '../text/figures.ts';
import { unifiedDiff } from '../text/unified-diff.ts';
import { answer, refusal } from './answer.ts';
import { verb } from './verb.ts';

/** `stillroom diff`: only what differs between runs; the first is the one that the others are compared with. */
export default verb({
  name: 'diff',
  arguments: ['<runs...>'],
  about: 'show only what differs between runs',
  example: 'stillroom diff 20260101T120000 @latest',
  options: {},
  async run({ runs: words }, { open }) {
    const compared = await (await open()).records.compare(words);
    if (!compared.ok) return refusal(compared.problems);
    const { base, runs } = compared.value;
    return answer(
      { base: { run: base.id, hash: base.hash ?? null }, runs: runs.map(comparedJson) },
      runs.flatMap((run) => describe(base, run)),
    );
  },
});

function comparedJson({ record, difference, noise }: ComparedRun): object {
  return {
    run: record.id,
    hash: record.hash ?? null,
    changes: difference.changes,
    code: difference.code.map(({ nodes, name, before, after }) => ({ nodes, name, diff: unifiedDiff(name, before, after).join('\n') })),
    metrics: difference.metrics.map((metric) => ({ ...metric, noise: noise.get(`${metric.node}.${metric.metric}`) ?? null })),
  };
}

const HEADINGS: Readonly<Record<RunChange['kind'], string>> = {
  node: 'nodes',
  param: 'params',
  source: 'sources',
  wiring: 'inputs',
  setting: 'settings',
  output: 'artifacts',
  fact: 'machine',
};

function describe(base: RunRecord, { record, difference, noise }: ComparedRun): string[] {
  const { changes, code, metrics } = difference;
  const lines = [`${base.id} (${shortHash(base)}) → ${record.id} (${shortHash(record)})`];
  const section = (kind: RunChange['kind']): void => {
    const of = changes.filter((change) => change.kind === kind);
    if (of.length > 0) lines.push(`${HEADINGS[kind]}:`, ...of.map(changeLine));
  };
  for (const kind of ['node', 'param', 'source', 'wiring', 'setting'] as const) section(kind);
  if (code.length > 0) lines.push('code:', ...code.flatMap(codeLines));
  if (metrics.length > 0)
    lines.push('metrics:', ...metrics.map((metric) => metricLine(metric, noise.get(`${metric.node}.${metric.metric}`))));
  section('output');
  section('fact');
  if (lines.length === 1) lines.push('nothing differs');
  return lines;
}

function shortHash({ hash, state }: RunRecord): string {
  return hash?.slice(0, 12) ?? state;
}

function changeLine({ node, kind, name, from, to }: RunChange): string {
  const where = node === '' || kind === 'node' ? name : `${node}.${name}`;
  return `  ${where}: ${from ?? 'none'} → ${to ?? 'none'}`;
}

function codeLines({ nodes, name, before, after }: CodeChange): string[] {
  return [`  of ${nodes.join(', ')}`, ...unifiedDiff(name, before, after).map((line) => `  ${line}`)];
}

function metricLine({ node, metric, from, to, measured, better }: MetricChange, noise: Noise | undefined): string {
  const value = (number: number | null): string => (number === null ? 'none' : figure(number));
  const notes: string[] = [];
  if (from !== null && to !== null) notes.push(`${to > from ? '+' : '−'}${figure(Math.abs(to - from))}`);
  if (better !== null) notes.push(better ? 'better' : 'worse');
  if (measured) notes.push('measured');
  if (noise !== undefined) notes.push(`other seeds differ by ±${figure(noise.deviation)}, of ${counted(noise.runs, 'run')}`);
  return `  ${node}.${metric}: ${value(from)} → ${value(to)}${notes.length === 0 ? '' : ` (${notes.join(', ')})`}`;
}

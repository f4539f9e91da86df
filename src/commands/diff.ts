import { type CodeChange, compareRecords, type MetricChange, type RunChange, type RunDifference } from '../records/compare.ts';
import type { RunRecord } from '../model/run.ts';
import { figure } from '../text/figures.ts';
import { unifiedDiff } from '../text/unified-diff.ts';
import { findRun } from '../records/find.ts';
import { type Noise, seedNoise } from '../records/noise.ts';
import { EXIT, fail, printJson } from './problems.ts';
import { type CommonOptions, openStore, projectRoot } from './project.ts';

/** `stillroom diff`: only what differs between runs; the first is the one that the others are compared with. */
export function diffCommand(words: readonly string[], options: CommonOptions): number {
  const json = options.json === true;
  const store = openStore(projectRoot(process.cwd()), options);
  if (!store.ok) return fail(store.problems, json);
  const records: RunRecord[] = [];
  for (const word of words) {
    const found = findRun(store.value, word);
    if (!found.ok) return fail(found.problems, json);
    records.push(found.value);
  }
  const [base, ...others] = records;
  if (base === undefined || others.length === 0)
    return fail([{ kind: 'usage', code: 'bad-option', message: 'name at least two runs', hint: 'stillroom diff RUN @latest' }], json);
  const rows = [...store.value.runs.rows()];
  const compared = others.map((record) => ({
    record,
    difference: compareRecords(base, record, { store: store.value }),
    noise: seedNoise(rows, [base.id, record.id]),
  }));
  store.value.flush();
  if (json) {
    printJson({
      base: { run: base.id, hash: base.hash ?? null },
      runs: compared.map(({ record, difference, noise }) => ({
        run: record.id,
        hash: record.hash ?? null,
        changes: difference.changes,
        code: difference.code.map(({ nodes, name, before, after }) => ({ nodes, name, diff: unifiedDiff(name, before, after).join('\n') })),
        metrics: difference.metrics.map((metric) => ({ ...metric, noise: noise.get(`${metric.node}.${metric.metric}`) ?? null })),
      })),
    });
  } else
    for (const { record, difference, noise } of compared) process.stdout.write(`${describe(base, record, difference, noise).join('\n')}\n`);
  return EXIT.done;
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

function describe(
  base: RunRecord,
  record: RunRecord,
  { changes, code, metrics }: RunDifference,
  noise: ReadonlyMap<string, Noise>,
): string[] {
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
  if (noise !== undefined) notes.push(`other seeds differ by ±${figure(noise.deviation)}, of ${noise.runs} runs`);
  return `  ${node}.${metric}: ${value(from)} → ${value(to)}${notes.length === 0 ? '' : ` (${notes.join(', ')})`}`;
}

import type { ReportRun } from '../../model/report.ts';
import { leadingParams } from '../../model/report.ts';
import { counted } from '../../text/amounts.ts';
import { duration, figure, written } from '../../text/figures.ts';
import { markdownTable, markdownText } from '../../text/markdown.ts';
import { bestRun, directionOf, meanOf, nameOf, shownMetrics, type Values, valuesOf, valueText } from './shown-values.ts';
import { type TradeOff, tradeOffRows } from './trade-off.ts';

/** Rows and items of each kind: a comment is read as a whole. */
const MOST = { metrics: 14, changes: 10, runs: 16, columns: 8, failed: 3, log: 8, points: 8 };

/** Letters of a value. */
const LETTERS = 60;

/** How many deviations between seeds a change must exceed to count. */
const SIGNIFICANT = 2;

/** What a run is compared with, and what differs. */
export interface CommentBase {
  readonly run: ReportRun;
  /** What was asked otherwise, in words: `student.lr: 0.004 → 0.008`. */
  readonly changes: readonly string[];
  /** By `node.metric`: how far it moves when nothing but the seed changes, and how many runs say so. */
  readonly noise: ReadonlyMap<string, { readonly deviation: number; readonly runs: number }>;
}

/** What a comment says beside the runs. */
export interface CommentContext {
  readonly base?: CommentBase | undefined;
  readonly tradeOff?: TradeOff | undefined;
  /** Where the page is found. */
  readonly page?: string | undefined;
}

const code = (text: string): string => {
  const fence = '`'.repeat(Math.max(0, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length)) + 1);
  const pad = fence.length > 1 ? ' ' : '';
  return `${fence}${pad}${text.replaceAll(/\s+/g, ' ')}${pad}${fence}`;
};

const cut = (text: string): string => (text.length <= LETTERS ? text : `${text.slice(0, LETTERS - 1)}…`);

/** How a metric has moved, and whether that is good. */
function change(
  now: Values,
  before: Values,
  noise: CommentBase['noise'] extends ReadonlyMap<string, infer One> ? One | undefined : never,
): string {
  const [to, from] = [meanOf(now.values), meanOf(before.values)];
  if (to === from) return '= the same';
  const moved = `${to > from ? '+' : '−'}${figure(Math.abs(to - from))}`;
  if (noise !== undefined && Math.abs(to - from) <= SIGNIFICANT * noise.deviation)
    return `${moved} ≈ within the noise (seeds differ by ±${figure(noise.deviation)})`;
  if (now.goal === null) return moved;
  const isBetter = now.goal === 'maximize' ? to > from : to < from;
  const told = noise === undefined ? '' : `, seeds differ by ±${figure(noise.deviation)}`;
  return `${moved} ${isBetter ? '✓ better' : '✗ worse'}${told}`;
}

function named(name: string, values: Values | undefined): string {
  const { sign } = directionOf(values?.goal ?? null);
  return sign === '' ? name : `${name} ${sign}`;
}

/** A value with what it was measured under, unless another value beside it says the same of itself. */
function measuredText(values: Values | undefined, beside: Values | undefined): string {
  if (values === undefined) return '';
  const under = values.under === undefined || values.under === beside?.under ? '' : ` (${values.under})`;
  return `${valueText(values)}${under}${values.disturbed ? ' (disturbed)' : ''}`;
}

/** What is shown of a run, beside what it is compared with. */
function metricsOf(run: ReportRun, base: CommentBase | undefined): string {
  const names = shownMetrics(base === undefined ? [run] : [run, base.run]);
  const rows = names.slice(0, MOST.metrics).map((name) => {
    const [now, before] = [valuesOf(run, name), base === undefined ? undefined : valuesOf(base.run, name)];
    const value = measuredText(now, undefined);
    if (base === undefined) return [named(name, now), value];
    const moved = now === undefined || before === undefined ? '' : change(now, before, base.noise.get(name));
    return [named(name, now ?? before), value, measuredText(before, now), moved];
  });
  if (rows.length === 0) return '';
  const heads = base === undefined ? ['metric', 'value'] : ['metric', 'this run', nameOf(base.run), 'change'];
  const more = names.length > rows.length ? `\nand ${names.length - rows.length} more that are shown.\n` : '';
  return `${markdownTable([heads, ...rows])}${more}\n`;
}

function changesOf(run: ReportRun, base: CommentBase | undefined): string {
  if (base === undefined) {
    const set = run.set.slice(0, MOST.changes).map((word) => code(cut(word)));
    return set.length === 0 ? '' : `Set: ${set.join(', ')}.\n\n`;
  }
  const { changes } = base;
  if (changes.length === 0) return `Nothing was asked otherwise than in ${code(nameOf(base.run))}.\n\n`;
  const listed = changes.slice(0, MOST.changes).map((words) => `- ${markdownText(words)}\n`);
  const more =
    changes.length > listed.length
      ? `- and ${changes.length - listed.length} more: ${code(`stillroom diff ${base.run.run} ${run.run}`)}\n`
      : '';
  return `What changed since ${code(nameOf(base.run))}:\n\n${listed.join('')}${more}\n`;
}

/** Text in a block that it cannot end. */
function block(lines: readonly string[]): string {
  const longest = Math.max(2, ...lines.flatMap((line) => [...line.matchAll(/`+/g)].map(([ticks]) => ticks.length)));
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${lines.map((line) => line.replaceAll(/\p{Cc}/gu, ' ')).join('\n')}\n${fence}\n`;
}

function failuresOf(run: ReportRun): string {
  const failed = run.nodes.filter(({ state, error }) => state === 'failed' || error !== undefined);
  const told = failed.slice(0, MOST.failed).map(({ name, error, log }, index) => {
    const words = `**${markdownText(name)} failed**: ${markdownText(error?.message ?? 'it did not say why')}\n\n`;
    return log === undefined || index > 0 ? words : `${words}${block(log.slice(-MOST.log))}\n`;
  });
  const more = failed.length > MOST.failed ? `and ${failed.length - MOST.failed} more nodes.\n\n` : '';
  return `${told.join('')}${more}`;
}

function states({ nodes }: ReportRun): string {
  const counts = new Map<string, number>();
  for (const { state } of nodes) counts.set(state, (counts.get(state) ?? 0) + 1);
  return `${counted(nodes.length, 'node')}: ${[...counts].map(([state, count]) => `${count} ${state}`).join(', ')}`;
}

/** Where to read more: the page, the run, the commit. */
function links(runs: readonly ReportRun[], { page, base }: CommentContext): string {
  const [run] = runs;
  const parts = [
    page === undefined ? '' : `[The whole report](<${page.replaceAll(/[<>\n]/g, encodeURIComponent)}>)`,
    run === undefined || runs.length > 1 ? '' : `run ${code(run.run)}`,
    run?.hash === undefined || run.hash === null || runs.length > 1 ? '' : `hash ${code(run.hash.slice(0, 12))}`,
    base === undefined ? '' : `compared with ${code(base.run.run)}`,
    run?.software?.commit === undefined || runs.length > 1 ? '' : `commit ${code(run.software.commit.slice(0, 12))}`,
  ];
  return `${parts.filter((part) => part !== '').join(' · ')}\n`;
}

/** Several runs, a row each. */
function runsTable(runs: readonly ReportRun[]): string {
  const metrics = shownMetrics(runs).slice(0, MOST.columns);
  const params = leadingParams(runs).slice(0, MOST.columns);
  const best = new Map(metrics.map((name) => [name, bestRun(runs, name)]));
  const cell = (run: ReportRun, name: string): string => {
    const values = valuesOf(run, name);
    return values === undefined ? '' : `${valueText(values)}${best.get(name) === run ? ' ★' : ''}`;
  };
  const heads = [
    'run',
    'state',
    ...metrics.map((name) => named(name, runs.flatMap((run) => valuesOf(run, name) ?? [])[0])),
    ...params,
    'time',
  ];
  const rows = runs
    .slice(0, MOST.runs)
    .map((run) => [
      nameOf(run),
      run.state,
      ...metrics.map((name) => cell(run, name)),
      ...params.map((name) => cut(written(run.params[name]))),
      duration(run.seconds),
    ]);
  const more = runs.length > rows.length ? `\nand ${counted(runs.length - rows.length, 'more run')}.\n` : '';
  return `${markdownTable([heads, ...rows])}${more}\n`;
}

function tradeOffTable(found: TradeOff): string {
  const [heads = [], ...rows] = tradeOffRows(found);
  return `${markdownTable([heads, ...rows.slice(0, MOST.points)])}${rows.length > MOST.points ? `\nand ${rows.length - MOST.points} more.\n` : ''}\n`;
}

/** Runs as a comment on a change: of one what it has come to beside what it is compared with, and what changed; of several a table. Fewer than 60 lines. */
export function reportComment(runs: readonly ReportRun[], context: CommentContext = {}): string {
  const { base, tradeOff } = context;
  const [first] = runs;
  const title = markdownText([...new Set(runs.map(({ pipeline }) => pipeline))].join(', '));
  if (runs.length === 1 && first !== undefined) {
    const warnings = first.nodes.flatMap(({ name, warning }) =>
      warning === undefined ? [] : [`${markdownText(`${name}: ${warning}`)}\n\n`],
    );
    const about = `${first.state} after ${duration(first.seconds)}; ${states(first)}`;
    return `### ${title}: ${about}\n\n${failuresOf(first)}${warnings.slice(0, MOST.failed).join('')}${metricsOf(first, base)}${changesOf(first, base)}${links(runs, context)}`;
  }
  return `### ${title}: ${counted(runs.length, 'run')}\n\n${runsTable(runs)}${tradeOff === undefined ? '' : tradeOffTable(tradeOff)}${links(runs, context)}`;
}

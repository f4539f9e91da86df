import { csv } from '../../text/csv.ts';
import { duration, shown, written } from '../../text/figures.ts';
import { markdownTable, markdownText } from '../../text/markdown.ts';
import { metricNames, type ReportRun, tellingParams } from '../../model/report.ts';
import { type TradeOff, tradeOffRows } from './trade-off.ts';

/** A line a run: what it was asked and what came out. */
export function reportCsv(runs: readonly ReportRun[]): string {
  const params = [...new Set(runs.flatMap((run) => Object.keys(run.params)))];
  const metrics = metricNames(runs);
  const head = ['run', 'hash', 'pipeline', 'state', 'started', 'seconds', ...params, ...metrics];
  const rows = runs.map((run) => [
    run.run,
    run.hash,
    run.pipeline,
    run.state,
    run.started,
    run.seconds,
    ...params.map((name) => run.params[name]),
    ...metrics.map((name) => run.metrics.find((metric) => metric.name === name)?.value),
  ]);
  return csv([head, ...rows]);
}

/** A metric's value, with what it was measured under. */
function metricCell(run: ReportRun, name: string): string {
  const metric = run.metrics.find((one) => one.name === name);
  return `${shown(metric?.value)}${metric?.under === undefined ? '' : ` (${metric.under})`}`;
}

/** Runs as Markdown: what differs between them, their metrics, and the time of each node. */
export function reportMarkdown(runs: readonly ReportRun[], found?: TradeOff): string {
  const params = runs.length < 2 ? [] : tellingParams(runs);
  const title = [...new Set(runs.map(({ pipeline }) => pipeline))].join(', ');
  const table = markdownTable([
    ['run', 'hash', 'state', 'time', ...params],
    ...runs.map((run) => [
      run.run,
      run.hash?.slice(0, 12) ?? '',
      run.state,
      duration(run.seconds),
      ...params.map((name) => written(run.params[name])),
    ]),
  ]);
  const metrics = markdownTable([
    ['metric', ...runs.map(({ run }) => run)],
    ...metricNames(runs).map((name) => [name, ...runs.map((run) => metricCell(run, name))]),
  ]);
  const nodes = runs.map((run) => {
    const rows = run.nodes.map(({ name, stage, state, seconds }) => [name, stage, state, seconds === null ? '' : duration(seconds)]);
    const warnings = run.nodes.flatMap(({ name, warning }) =>
      warning === undefined ? [] : [`${markdownText(`${name}: ${warning}`)}\n\n`],
    );
    return `\n## ${markdownText(run.run)}\n\n${warnings.join('')}${markdownTable([['node', 'stage', 'state', 'time'], ...rows])}`;
  });
  const traded =
    found === undefined
      ? ''
      : `\n## ${markdownText(`${found.upward.metric} against ${found.across.metric}`)}\n\n${markdownTable(tradeOffRows(found))}`;
  return `# ${markdownText(title)}\n\n${table}\n${metrics}${traded}${nodes.join('')}`;
}

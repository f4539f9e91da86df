import { duration, figure } from '../../text/figures.ts';
import { metricNames, type ReportRun, tellingParams } from '../../model/report.ts';

function valueText(value: unknown): string {
  return value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);
}

/** A cell by RFC 4180; a text that a spreadsheet would take for a formula is made one that it does not. */
function csvCell(value: unknown): string {
  const text = valueText(value);
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

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
  return [head, ...rows].map((row) => `${row.map(csvCell).join(',')}\r\n`).join('');
}

function mdText(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]<>|#]/g, '\\$&').replaceAll(/\s+/g, ' ');
}

function mdTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(mdText).join(' | ')} |\n`;
  return `${line(head)}|${head.map(() => ' --- |').join('')}\n${rows.map(line).join('')}`;
}

/** Runs as Markdown: what differs between them, their metrics, and the time of each node. */
export function reportMarkdown(runs: readonly ReportRun[]): string {
  const params = tellingParams(runs);
  const title = [...new Set(runs.map(({ pipeline }) => pipeline))].join(', ');
  const table = mdTable(
    ['run', 'hash', 'state', 'time', ...(runs.length < 2 ? [] : params)],
    runs.map((run) => [
      run.run,
      run.hash?.slice(0, 12) ?? '',
      run.state,
      duration(run.seconds),
      ...(runs.length < 2 ? [] : params.map((name) => valueText(run.params[name]))),
    ]),
  );
  const metrics = mdTable(
    ['metric', ...runs.map(({ run }) => run)],
    metricNames(runs).map((name) => [
      name,
      ...runs.map((run) => {
        const value = run.metrics.find((metric) => metric.name === name)?.value;
        return value === undefined ? '' : figure(value);
      }),
    ]),
  );
  const nodes = runs.map(
    (run) =>
      `\n## ${mdText(run.run)}\n\n${mdTable(
        ['node', 'stage', 'state', 'time'],
        run.nodes.map(({ name, stage, state, seconds }) => [name, stage, state, seconds === null ? '' : duration(seconds)]),
      )}`,
  );
  return `# ${mdText(title)}\n\n${table}\n${metrics}${nodes.join('')}`;
}

import type { Json } from '../model/json.ts';
import type { SweepSpec } from '../model/sweep.ts';
import type { Trial } from './trials.ts';

/** A number with as many digits as matter. */
export function figure(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(5)));
}

/** A param's value as a person reads it. */
export function shown(value: Json | undefined): string {
  if (value === undefined) return '';
  return typeof value === 'number' ? figure(value) : typeof value === 'string' ? value : JSON.stringify(value);
}

/** What a table is made of. */
export interface TableSource {
  readonly spec: SweepSpec;
  readonly trials: readonly Trial[];
  readonly best: Trial | undefined;
}

/** All metrics of a sweep: those of objectives and constraints first. */
function metricNames({ spec, trials }: TableSource): string[] {
  const asked = [...spec.objectives, ...spec.constraints].map(({ metric }) => metric);
  return [...new Set([...asked, ...trials.flatMap(({ metrics }) => Object.keys(metrics))])];
}

/** The whole table as comma-separated values (RFC 4180): all digits, a column of deviations beside each metric that has them. */
export function csvTable(source: TableSource): string {
  const { spec, trials } = source;
  const metrics = metricNames(source);
  const spread = metrics.filter((name) => trials.some(({ deviations }) => deviations[name] !== undefined));
  const cell = (value: Json | undefined): string => {
    const text = value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const columns = ['trial', 'state', ...(spec.budget === undefined ? [] : ['budget']), ...spec.space.map(({ name }) => name)];
  const header = [
    ...columns,
    ...metrics.flatMap((name) => (spread.includes(name) ? [name, `${name} sd`] : [name])),
    'run',
    'hash',
    'error',
  ];
  const rows = trials.map((trial) => [
    trial.trial,
    trial.state,
    ...(spec.budget === undefined ? [] : [trial.budget]),
    ...spec.space.map(({ name }) => trial.params[name]),
    ...metrics.flatMap((name) => (spread.includes(name) ? [trial.metrics[name], trial.deviations[name]] : [trial.metrics[name]])),
    trial.runs.map(({ run }) => run).join(' '),
    trial.runs.map(({ hash }) => hash ?? '').join(' '),
    trial.error,
  ]);
  return [header, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

/** The table that people are shown: objectives and constraints, else all metrics; the best trial is marked. */
function shownRows(source: TableSource): { readonly header: readonly string[]; readonly rows: readonly (readonly string[])[] } {
  const { spec, trials, best } = source;
  const asked = [...new Set([...spec.objectives, ...spec.constraints].map(({ metric }) => metric))];
  const metrics = asked.length > 0 ? asked : metricNames(source).slice(0, 6);
  const cellOf = (trial: Trial, name: string): string => {
    const value = trial.metrics[name];
    const sd = trial.deviations[name];
    return value === undefined ? '' : sd === undefined ? figure(value) : `${figure(value)} ± ${Number(sd.toPrecision(2))}`;
  };
  const stateOf = (trial: Trial): string => {
    if (trial === best) return 'best';
    return trial.state === 'done' && !trial.feasible ? 'breaks a constraint' : trial.state;
  };
  return {
    header: ['trial', ...spec.space.map(({ name }) => name), ...(spec.budget === undefined ? [] : ['budget']), ...metrics, 'state'],
    rows: trials.map((trial) => [
      String(trial.trial),
      ...spec.space.map(({ name }) => shown(trial.params[name])),
      ...(spec.budget === undefined ? [] : [String(trial.budget ?? '')]),
      ...metrics.map((name) => cellOf(trial, name)),
      stateOf(trial),
    ]),
  };
}

/** The table as GitHub's Markdown. */
export function markdownTable(source: TableSource): string {
  const { header, rows } = shownRows(source);
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |\n`;
  return line(header) + line(header.map(() => '---')) + rows.map(line).join('');
}

/** The table in columns, for a terminal; at most so many rows, each cut to a width. */
export function textTable(source: TableSource, width = Number.POSITIVE_INFINITY): string[] {
  const { header, rows } = shownRows(source);
  const widths = header.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)));
  return [header, ...rows].map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
      .slice(0, width),
  );
}

import { suggestion } from '../text/suggestion.ts';
import { done, failed, type Outcome } from '../model/problem.ts';
import { duration, shown } from '../text/figures.ts';
import { textTable } from '../text/table.ts';
import type { RunRow } from '../model/run-row.ts';
import type { Store } from '../model/store.ts';
import { fieldOf, metricNamed } from '../records/find.ts';
import { EXIT, fail, printJson } from './problems.ts';
import { type CommonOptions, openStore, projectRoot } from './project.ts';
import { parseFilter } from '../records/where.ts';

export interface RunsOptions extends CommonOptions {
  readonly limit?: string;
  readonly where?: string;
  readonly sort?: string;
  readonly columns?: string;
}

/** The columns that a list has when none are asked for. */
const COLUMNS = ['run', 'hash', 'state', 'pipeline', 'executed', 'reused', 'seconds'];

/** `stillroom runs`: lists what has run, newest first. */
export function runsCommand(options: RunsOptions): number {
  const json = options.json === true;
  const store = openStore(projectRoot(process.cwd()), options);
  if (!store.ok) return fail(store.problems, json);
  const rows = chosenRows(store.value, options);
  if (!rows.ok) return fail(rows.problems, json);
  const tags = store.value.tags.all();
  const tagsOf = (run: string): string[] => tags.filter((tag) => tag.run === run).map(({ name }) => name);
  if (json) printJson({ runs: rows.value.map(({ format: _format, ...row }) => ({ ...row, tags: tagsOf(row.run) })) });
  else if (rows.value.length === 0) {
    process.stdout.write(
      options.where === undefined ? 'nothing has run here yet: stillroom run pipelines/quickstart.yaml\n' : 'no run fits\n',
    );
  } else {
    const columns = options.columns?.split(',').map((name) => name.trim()) ?? COLUMNS;
    const notes = rows.value.map(({ run, set }) => [...tagsOf(run).map((name) => `[${name}]`), ...set].join(' '));
    printTable(columns, rows.value, notes);
  }
  return EXIT.done;
}

/** The runs that the options ask for. Without filter and order only as many are read as are shown. */
function chosenRows(store: Store, options: RunsOptions): Outcome<readonly RunRow[]> {
  const limit = Number(options.limit ?? 20);
  if (!Number.isInteger(limit) || limit < 1)
    return failed({ kind: 'usage', code: 'bad-option', message: `--limit ${options.limit} is not a whole number above 0` });
  const filter = options.where === undefined ? undefined : parseFilter(options.where);
  if (filter !== undefined && !filter.ok) return filter;
  const rows: RunRow[] = [];
  const isWhole = options.sort !== undefined;
  const asked = [...(filter?.value.names ?? []), ...(options.sort === undefined ? [] : [options.sort.replace(/^-/, '')])];
  const unseen = new Set([...asked, ...(options.columns?.split(',').map((name) => name.trim()) ?? [])]);
  let examples: RunRow | undefined;
  for (const row of store.runs.rows()) {
    examples ??= row;
    for (const name of unseen) if (fieldOf(row, name) !== undefined) unseen.delete(name);
    if (filter !== undefined && !filter.value.fits((name) => fieldOf(row, name))) continue;
    rows.push(row);
    if (!isWhole && rows.length === limit && unseen.size === 0) break;
  }
  const [strange] = [...unseen].filter((name) => !COLUMNS.includes(name) && name !== 'started');
  if (strange !== undefined && examples !== undefined) {
    const names = [...COLUMNS, 'started', ...Object.keys(examples.params), ...Object.keys(examples.metrics)];
    return failed({
      kind: 'usage',
      code: 'unknown-column',
      message: `no run has a param, metric or column "${strange}"`,
      hint: suggestion(strange, names),
    });
  }
  if (options.sort !== undefined) sortRows(rows, options.sort);
  return done(rows.slice(0, limit));
}

/** Sorts upward by a field, or with a minus before it downward. Runs without it come last. */
function sortRows(rows: RunRow[], sort: string): void {
  const isDown = sort.startsWith('-');
  const name = sort.replace(/^-/, '');
  const keys = new Map(rows.map((row) => [row, fieldOf(row, name)]));
  rows.sort((a, b) => {
    const [left, right] = [keys.get(a), keys.get(b)];
    if (left === undefined || left === null || right === undefined || right === null)
      return Number(left === undefined || left === null) - Number(right === undefined || right === null);
    const order =
      typeof left === 'number' && typeof right === 'number'
        ? left - right
        : String(left) < String(right)
          ? -1
          : Number(String(left) > String(right));
    return isDown ? -order : order;
  });
}

function cell(row: RunRow, column: string): string {
  const value = fieldOf(row, column);
  if (column === 'seconds') return duration(row.seconds);
  return column === 'hash' ? (row.hash?.slice(0, 12) ?? '') : shown(value);
}

function printTable(columns: readonly string[], rows: readonly RunRow[], notes: readonly string[]): void {
  const header = [...columns.map((column) => (column === 'seconds' ? 'time' : column)), ''];
  const cells = rows.map((row, index) => [...columns.map((column) => cell(row, column)), notes[index] ?? '']);
  const isNumeric = columns.map((column) =>
    rows.every((row) => ['number', 'undefined'].includes(typeof (fieldOf(row, metricNamed(row, column) ?? column) ?? undefined))),
  );
  const lines = textTable([header, ...cells], { isRight: (column) => isNumeric[column] === true });
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

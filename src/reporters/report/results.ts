import { leadingParams, type ReportRun } from '../../model/report.ts';
import { duration, figure, written } from '../../text/figures.ts';
import { html, type Markup } from '../../text/markup.ts';
import { type Cell, type Column, dataTable, folded, stateCell } from './parts.ts';
import { bestRun, directionOf, familyNames, nameOf, shownMetrics, type Values, valuesOf, valueText } from './shown-values.ts';

/** Figures that lead a page; more are in the table of all metrics. */
const MOST_FIGURES = 12;

/** What marks the best value of several runs. (The build keeps markup ASCII: signs stand in texts.) */
const STAR = '★ ';

/** Values of instances that are written out. */
const MOST_VALUES = 12;

/** What is to be known of a value: of how many it is the mean, what it was measured under. */
function notes(name: string, values: Values): string[] {
  const { sign, words } = directionOf(values.goal);
  const count = values.values.length;
  return [
    words === '' ? '' : `${sign} ${words}`,
    count === 1 ? '' : `mean and standard deviation of ${count} of ${name.slice(0, name.indexOf('.'))}`,
    values.measured && values.under === undefined ? 'measured' : '',
    values.under === undefined ? '' : `measured under ${values.under}`,
    values.disturbed ? 'while other work ran' : '',
  ].filter((note) => note !== '');
}

/** What a run has come to, in large figures. */
export function leadingFigures(run: ReportRun): Markup | undefined {
  const names = shownMetrics([run]).slice(0, MOST_FIGURES);
  if (names.length === 0) return undefined;
  const boxes = names.flatMap((name) => {
    const values = valuesOf(run, name);
    if (values === undefined) return [];
    const told = notes(name, values).map((note) => html`<dd class="soft">${note}</dd>`);
    return [html`<div><dt>${name}</dt><dd class="value">${valueText(values)}</dd>${told}</div>`];
  });
  return html`<dl class="figures">${boxes}</dl>`;
}

/** A metric of a run in a table, with what it was measured under. */
function valueCell(run: ReportRun, name: string, best: ReportRun | undefined): Cell {
  const values = valuesOf(run, name);
  if (values === undefined) return { content: '' };
  const under = values.under === undefined ? '' : html`<br><span class="soft">${values.under}</span>`;
  const disturbed = values.disturbed ? ' (disturbed)' : '';
  const isBest = best === run;
  return { content: html`${isBest ? STAR : ''}${valueText(values)}${disturbed}${under}`, ...(isBest ? { style: 'best' } : {}) };
}

function metricHead(name: string, runs: readonly ReportRun[]): Markup {
  const goal = runs.flatMap((run) => valuesOf(run, name)?.goal ?? [])[0] ?? null;
  const { sign, words } = directionOf(goal);
  return html`${name}${sign === '' ? '' : html` <span title="${words}">${sign}</span>`}`;
}

/** Several runs, a row each: what they have come to, what differs in what they were asked, and which they are. */
export function runsTable(runs: readonly ReportRun[]): Markup {
  const metrics = shownMetrics(runs).slice(0, MOST_FIGURES);
  const params = leadingParams(runs);
  const best = new Map(metrics.map((name) => [name, bestRun(runs, name)]));
  const columns: Column[] = [
    { head: 'run' },
    { head: 'state' },
    ...metrics.map((name) => ({ head: metricHead(name, runs), isNumber: true })),
    ...params.map((name) => ({ head: name })),
    { head: 'took', isNumber: true },
    { head: 'started' },
    { head: 'hash' },
  ];
  const rows = runs.map((run): Cell[] => [
    { content: html`<code>${nameOf(run)}</code>${nameOf(run) === run.run ? '' : html`<br><span class="soft">${run.run}</span>`}` },
    stateCell(run.state),
    ...metrics.map((name) => valueCell(run, name, best.get(name))),
    ...params.map((name) => ({ content: html`<code>${written(run.params[name])}</code>` })),
    { content: duration(run.seconds) },
    { content: run.started },
    { content: html`<code>${run.hash?.slice(0, 12)}</code>` },
  ]);
  const isMarked = [...best.values()].some((run) => run !== undefined);
  return html`${dataTable('The runs', columns, rows)}${isMarked ? html`<p class="soft">${STAR}the best of its column, by however little; runs that share the best value have none.</p>` : ''}`;
}

/** The values of instances, one by one. */
function each({ values }: Values): Markup | string {
  if (values.length < 2) return '';
  const more = values.length > MOST_VALUES ? ` and ${values.length - MOST_VALUES} more` : '';
  return html`<br><span class="soft">${values.slice(0, MOST_VALUES).map(figure).join(', ')}${more}</span>`;
}

/** All metrics, those of all instances of a node in one row: there to be complete. */
export function allMetrics(runs: readonly ReportRun[]): Markup {
  const names = familyNames(runs);
  const count = new Set(runs.flatMap(({ metrics }) => metrics.map(({ name }) => name))).size;
  const columns = [{ head: 'metric' }, ...runs.map((run) => ({ head: html`<code>${nameOf(run)}</code>`, isNumber: true }))];
  const rows = names.map((name): Cell[] => {
    const best = bestRun(runs, name);
    const [any] = runs.flatMap((run) => valuesOf(run, name) ?? []);
    const told = [directionOf(any?.goal ?? null).sign, any?.measured === true ? 'measured' : ''].filter((word) => word !== '').join(' ');
    const cells = runs.map((run) => {
      const values = valuesOf(run, name);
      const cell = valueCell(run, name, best);
      return values === undefined ? cell : { ...cell, content: html`${cell.content}${each(values)}` };
    });
    return [{ content: html`${name} <span class="soft">${told}</span>` }, ...cells];
  });
  return folded(`All ${count} metrics`, dataTable('All metrics', columns, rows));
}

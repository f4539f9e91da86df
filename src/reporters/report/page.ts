import { createHash } from 'node:crypto';
import { duration, figure, written } from '../../text/figures.ts';
import { curveCharts } from './curves.ts';
import { metricNames, type ReportRun, tellingParams } from '../../model/report.ts';
import { graphSvg } from './graph.ts';
import { confusionTable, sampleGrid } from './images.ts';
import { html, Markup } from '../../text/markup.ts';
import { STYLE } from './style.ts';
import { type TradeOff, tradeOffRows } from './trade-off.ts';
import { tradeOffPicture } from './trade-off-picture.ts';

/** The runs with the best value of a metric that says what is better. */
function bestRuns(runs: readonly ReportRun[], name: string): ReadonlySet<ReportRun> {
  const found = runs.flatMap((run) =>
    run.metrics.filter((metric) => metric.name === name).map(({ value, goal }) => ({ run, value, goal })),
  );
  const goal = found[0]?.goal;
  if (runs.length < 2 || goal === null || goal === undefined) return new Set();
  const best = found.reduce(
    (least, { value }) => (goal === 'maximize' ? Math.max(least, value) : Math.min(least, value)),
    found[0]?.value ?? 0,
  );
  return new Set(found.filter(({ value }) => value === best).map(({ run }) => run));
}

function runsTable(runs: readonly ReportRun[]): Markup {
  const params = runs.length < 2 ? [] : tellingParams(runs);
  const heads = ['run', 'hash', 'state', 'started', 'time', ...params];
  const rows = runs.map((run) => {
    const cells = params.map((name) => html`<td><code>${written(run.params[name])}</code></td>`);
    const tags = run.tags.length === 0 ? '' : ` [${run.tags.join(', ')}]`;
    return html`<tr><td><code>${run.run}</code>${tags}</td><td><code>${run.hash?.slice(0, 12)}</code></td><td class="state-${run.state}">${run.state}</td><td>${run.started}</td><td class="number">${duration(run.seconds)}</td>${cells}</tr>`;
  });
  return html`<div class="scroll"><table><thead><tr>${heads.map((name) => html`<th>${name}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

function metricsTable(runs: readonly ReportRun[]): Markup {
  const rows = metricNames(runs).map((name) => {
    const best = bestRuns(runs, name);
    const any = runs.flatMap(({ metrics }) => metrics.filter((metric) => metric.name === name))[0];
    const notes = [any?.goal === 'maximize' ? '↑' : any?.goal === 'minimize' ? '↓' : '', any?.measured === true ? 'measured' : ''].join(
      ' ',
    );
    const cells = runs.map((run) => {
      const metric = run.metrics.find((one) => one.name === name);
      const text = metric === undefined ? '' : `${figure(metric.value)}${metric.disturbed === true ? ' (disturbed)' : ''}`;
      const under = metric?.under === undefined ? '' : html`<br><span class="soft">${metric.under}</span>`;
      return html`<td class="number${best.has(run) ? ' best' : ''}">${text}${under}</td>`;
    });
    return html`<tr><td>${name} <span class="soft">${notes}</span></td>${cells}</tr>`;
  });
  const heads = runs.map((run) => html`<th><code>${run.tags[0] ?? run.run}</code></th>`);
  return html`<div class="scroll"><table><thead><tr><th>metric</th>${heads}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

function tradeOffSection(found: TradeOff): Markup {
  const [head = [], ...rows] = tradeOffRows(found);
  // Inside a page an SVG needs no namespace, and a page names no address.
  const drawn = new Markup(tradeOffPicture(found).replace(/ xmlns="[^"]*"/, ''));
  const cells = rows.map(
    (row) =>
      html`<tr>${row.map((cell, column) => html`<td${new Markup(column === 1 || column === 2 ? ' class="number"' : '')}>${cell}</td>`)}</tr>`,
  );
  return html`<section><h2>${found.upward.metric} against ${found.across.metric}</h2><figure class="wide">${drawn}</figure>
<div class="scroll"><table><thead><tr>${head.map((name) => html`<th>${name}</th>`)}</tr></thead><tbody>${cells}</tbody></table></div></section>`;
}

function paramsTable(run: ReportRun): Markup {
  const rows = Object.entries(run.params).map(([name, value]) => html`<tr><td>${name}</td><td><code>${written(value)}</code></td></tr>`);
  return html`<details><summary>All ${rows.length} params</summary><div class="scroll"><table><tbody>${rows}</tbody></table></div></details>`;
}

function nodesTable(run: ReportRun): Markup {
  const rows = run.nodes.map(
    ({ name, stage, state, seconds, cause }) =>
      html`<tr><td>${name}</td><td>${stage}</td><td class="state-${state}">${state}</td><td class="number">${seconds === null ? '' : duration(seconds)}</td><td>${cause}</td></tr>`,
  );
  return html`<details><summary>All ${rows.length} nodes, with why each ran or was reused</summary><div class="scroll"><table><thead><tr><th>node</th><th>stage</th><th>state</th><th>time</th><th>why</th></tr></thead><tbody>${rows}</tbody></table></div></details>`;
}

function warnings(run: ReportRun): Markup[] {
  return run.nodes.flatMap(({ name, warning }) => (warning === undefined ? [] : [html`<p class="state-failed">${name}: ${warning}</p>`]));
}

function runSection(run: ReportRun): Markup {
  const isFinal = ({ earlier }: { readonly earlier?: true }): boolean => earlier === undefined;
  const confusions = run.confusions.filter(isFinal).map(confusionTable);
  const samples = run.samples.filter(isFinal).map(sampleGrid);
  const earlier = [
    ...run.confusions.filter((one) => !isFinal(one)).map(confusionTable),
    ...run.samples.filter((one) => !isFinal(one)).map(sampleGrid),
  ];
  return html`<section><h2>${run.pipeline} <code>${run.run}</code></h2>
<p class="soft">hash <code>${run.hash ?? 'none'}</code>${run.set.length === 0 ? '' : html`, set ${run.set.map((word) => html` <code>${word}</code>`)}`}</p>
${warnings(run)}<div class="scroll">${graphSvg(run.nodes)}</div>
${nodesTable(run)}${paramsTable(run)}
${confusions.length === 0 ? '' : html`<h3>Confusion</h3>${confusions}`}
${samples.length === 0 ? '' : html`<h3>Predictions</h3>${samples}`}
${earlier.length === 0 ? '' : html`<details><summary>Confusion and predictions of earlier models, from which those above were made</summary>${earlier}</details>`}</section>`;
}

/** Runs as one page that needs nothing else: no script, no network, its style allowed by digest. */
export function reportPage(runs: readonly ReportRun[], found?: TradeOff): string {
  const digest = createHash('sha256').update(STYLE).digest('base64');
  const policy = `default-src 'none'; style-src 'sha256-${digest}'; img-src data:; base-uri 'none'; form-action 'none'`;
  const title = [...new Set(runs.map(({ pipeline }) => pipeline))].join(', ');
  const charts = curveCharts(runs);
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${new Markup(policy)}"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer"><title>${title}</title><style>${new Markup(STYLE)}</style></head>
<body><header><h1>${title}</h1><p class="soft">${runs.length === 1 ? 'One run' : `${runs.length} runs`}, reported by Stillroom</p></header>
<section><h2>Runs</h2>${runsTable(runs)}</section>
${metricNames(runs).length === 0 ? '' : html`<section><h2>Metrics</h2>${metricsTable(runs)}</section>`}
${found === undefined ? '' : tradeOffSection(found)}
${charts.length === 0 ? '' : html`<section><h2>Curves</h2><div class="charts">${charts}</div></section>`}
${runs.map(runSection)}
</body></html>
`.text;
}

import { type ReportRun, metricNames } from '../../model/report.ts';
import { counted } from '../../text/amounts.ts';
import { duration } from '../../text/figures.ts';
import { html, Markup } from '../../text/markup.ts';
import { answers } from './answers.ts';
import { charts } from './curves.ts';
import { commands, comparedParams, failures, nodesTable, paramsTable, surroundings, warnings } from './details.ts';
import { drawnOutputs } from './drawn.ts';
import { framedPage, type Section } from './frame.ts';
import { graphSvg } from './graph.ts';
import { chartScript } from './page-script.ts';
import { dataTable, folded, region } from './parts.ts';
import { allMetrics, leadingFigures, runsTable } from './results.ts';
import { nameOf } from './shown-values.ts';
import { timeline } from './timeline.ts';
import { type TradeOff, tradeOffRows } from './trade-off.ts';
import { tradeOffPicture } from './trade-off-picture.ts';

/** Runs whose graphs and predictions are drawn. */
const MOST_DRAWN = 12;

function tradeOffSection(found: TradeOff): Section {
  const [head = [], ...rows] = tradeOffRows(found);
  const title = `${found.upward.metric} against ${found.across.metric}`;
  // Inside a page an SVG needs no namespace, and a page names no address.
  const drawn = new Markup(tradeOffPicture(found).replace(/ xmlns="[^"]*"/, ''));
  const columns = head.map((name, column) => ({ head: name || 'what', isNumber: column === 1 || column === 2 }));
  const cells = rows.map((row) => row.map((content) => ({ content })));
  return {
    id: 'trade-off',
    title,
    body: html`<figure class="wide">${region(title, drawn)}</figure>${dataTable(`${title}: numbers`, columns, cells)}`,
  };
}

function graph(run: ReportRun): Markup {
  return html`${region(`Graph of ${run.run}`, graphSvg(run.nodes))}${nodesTable(run)}${commands(run)}`;
}

/** How runs went: of one run its graph, its times and where it ran; of several the same, folded. */
function courses(runs: readonly ReportRun[]): Section[] {
  const [first] = runs;
  if (runs.length === 1 && first !== undefined) {
    return [
      { id: 'params', title: 'Params', body: paramsTable(first) },
      { id: 'graph', title: 'Graph', body: graph(first) },
      { id: 'timeline', title: 'Timeline', body: timeline(first) },
      { id: 'surroundings', title: 'Code and machine', body: surroundings(first) },
    ];
  }
  const told = runs.slice(0, MOST_DRAWN).map((run) => {
    const summary = html`<h3>${nameOf(run)}</h3> <span class="soft">${run.state}, ${duration(run.seconds)}, ${counted(run.nodes.length, 'node')}</span>`;
    return folded(
      summary,
      html`${graph(run)}<h4>Timeline</h4>${timeline(run)}<h4>Params</h4>${paramsTable(run)}<h4>Code and machine</h4>${surroundings(run)}`,
    );
  });
  const left = runs.length > MOST_DRAWN ? html`<p class="soft">The first ${MOST_DRAWN} of ${runs.length} runs.</p>` : '';
  return [
    { id: 'params', title: 'Params', body: comparedParams(runs) },
    { id: 'runs', title: 'Each run', body: html`${told}${left}` },
  ];
}

/** One run in a line. */
function aboutOne({ run, tags, state, started, seconds, hash, set }: ReportRun): Markup {
  const asked = set.length === 0 ? '' : html`<p class="soft">with ${set.map((word) => html`<code>${word}</code> `)}</p>`;
  const names = tags.length === 0 ? '' : html` [${tags.join(', ')}]`;
  return html`<p><code>${run}</code>${names}: <b class="state-${state}">${state}</b> after ${duration(seconds)}</p>
<p class="soft">started ${started}${hash === null ? '' : html`, hash <code>${hash}</code>`}</p>${asked}`;
}

/** What stands around runs that are a part of something else. */
export interface Around {
  readonly title: string;
  readonly about: Markup;
  readonly first: readonly Section[];
  readonly last: readonly Section[];
}

/** Runs as one page that needs nothing else: what they have come to first, what is there to be complete last. */
export async function reportPage(runs: readonly ReportRun[], found?: TradeOff, around?: Around): Promise<string> {
  const [first] = runs;
  const isAlone = runs.length === 1 && first !== undefined;
  const { drawn, hasLines, title: chartsTitle } = charts(runs);
  const { leading, others, hasPages } = await drawnOutputs(runs);
  const figures = isAlone ? leadingFigures(first) : runsTable(runs);
  const results = [...warnings(runs), ...(figures === undefined ? [] : [figures]), ...(isAlone ? leading : [])];
  const outputs = html`${isAlone ? [] : leading}${others}`;
  const failed = runs.flatMap((run) => failures(run, isAlone) ?? []);
  const sections: Section[] = [
    ...(around?.first ?? []),
    ...(results.length === 0 ? [] : [{ id: 'results', title: isAlone ? 'Results' : 'The runs', body: results }]),
    ...(found === undefined ? [] : [tradeOffSection(found)]),
    ...(drawn.length === 0 ? [] : [{ id: 'curves', title: chartsTitle, body: html`<div class="charts">${drawn}</div>` }]),
    ...answers(runs),
    ...(outputs.text === '' ? [] : [{ id: 'outputs', title: isAlone ? 'Other outputs' : 'Outputs', body: outputs }]),
    ...courses(runs),
    ...(metricNames(runs).length === 0 ? [] : [{ id: 'metrics', title: 'Metrics', body: allMetrics(runs) }]),
    ...(around?.last ?? []),
  ];
  return framedPage({
    title: around?.title ?? [...new Set(runs.map(({ pipeline }) => pipeline))].join(', '),
    about: around?.about ?? (isAlone ? aboutOne(first) : html`<p class="soft">${counted(runs.length, 'run')}</p>`),
    alert: failed.length === 0 ? undefined : html`${failed}`,
    sections,
    script: hasLines ? chartScript() : undefined,
    framesPages: hasPages,
  });
}

import type { ReportRun } from '../../model/report.ts';
import type { SweepResult, Trial } from '../../model/sweep.ts';
import { figure, shown, written } from '../../text/figures.ts';
import { html, Markup } from '../../text/markup.ts';
import { plainText } from '../../text/styled.ts';
import { brokenBounds, ranked, stateOf, sweepNotes, trialColumns } from '../sweep/ranked.ts';
import { countsText, metricsText, paramsText } from '../sweep/table.ts';
import { framedPage, type Section } from './frame.ts';
import { reportPage } from './page.ts';
import { dataTable, folded, region } from './parts.ts';

/** What a page of a sweep is made of. */
export interface ReportedSweep {
  readonly pipeline: string;
  readonly state: 'live' | 'done' | 'stopped';
  readonly started: string | null;
  readonly tags: readonly string[];
  readonly result: SweepResult;
  /** Its plots as SVG. */
  readonly plots: readonly { readonly title: string; readonly svg: string }[];
  /** The first run of its best trial. */
  readonly bestRun: ReportRun | undefined;
}

/** The colour of a state, which its word says too. */
function styleOf(word: string): string {
  if (word === '★ best') return 'best';
  return word === 'failed' || word === 'infeasible' ? 'state-failed' : '';
}

function trialsTable({ result }: ReportedSweep): Markup {
  const rows = ranked(result);
  const columns = trialColumns(result, rows);
  const heads = columns.map(({ title, isRight }) => ({ head: title, ...(isRight === true ? { isNumber: true } : {}) }));
  const cells = rows.map((trial, row) => {
    const style = styleOf(stateOf(trial, result).word);
    return columns.map(({ cells: own, title }) => ({
      content: plainText(own[row] ?? ''),
      ...(title === 'state' || style === 'best' ? { style } : {}),
    }));
  });
  const notes = sweepNotes(result).map((note) => html`<p class="soft">${plainText(note)}</p>`);
  return html`${dataTable('The trials as they rank', heads, cells)}${notes}`;
}

function plotsOf({ plots }: ReportedSweep): Section[] {
  // Inside a page an SVG needs no namespace, and a page names no address.
  const drawn = plots.map(
    ({ title, svg }) => html`<figure class="wide">${region(title, new Markup(svg.replace(/ xmlns="[^"]*"/, '')))}</figure>`,
  );
  return drawn.length === 0 ? [] : [{ id: 'plots', title: 'Plots', body: drawn }];
}

function values(label: string, named: Readonly<Record<string, string>>): Markup {
  const rows = Object.entries(named).map(([name, value]) => [{ content: name }, { content: html`<code>${value}</code>` }]);
  return rows.length === 0 ? html`` : dataTable(label, [{ head: label }, { head: 'value' }], rows);
}

function eachTrial(result: SweepResult): Markup[] {
  return ranked(result).map((trial: Trial) => {
    const { word } = stateOf(trial, result);
    const broken = brokenBounds(trial, result.spec);
    const metrics = Object.fromEntries(
      Object.entries(trial.metrics).map(([name, value]) => {
        const deviation = trial.deviations[name];
        return [name, deviation === undefined ? figure(value) : `${figure(value)} ± ${figure(deviation)}`];
      }),
    );
    const runs = trial.runs.map(
      ({ run, hash, repeat }) =>
        html`<p class="soft"><code>${run}</code>${hash === null ? '' : html`, hash <code>${hash.slice(0, 12)}</code>`}${Object.entries(repeat).map(([name, value]) => ` ${name}=${written(value)}`)}: <code>stillroom report ${run} --output run.html</code></p>`,
    );
    const error = trial.error === undefined ? '' : html`<p class="state-failed">${trial.error}</p>`;
    const bounds = broken.length === 0 ? '' : html`<p class="state-failed">infeasible: ${broken.join(', ')}</p>`;
    const params = Object.fromEntries(Object.entries(trial.params).map(([name, value]) => [name, shown(value)]));
    return folded(
      html`<b>trial ${trial.trial}</b> <span class="${styleOf(word)}">${word}</span> <span class="soft">${paramsText(trial)}</span>`,
      html`${error}${bounds}${values('param', params)}${values('metric', metrics)}${runs}`,
    );
  });
}

function aboutSweep({ result, state, started, tags }: ReportedSweep): Markup {
  const { id, spec, best } = result;
  const names = tags.length === 0 ? '' : html` [${tags.join(', ')}]`;
  const ending =
    best === undefined
      ? ''
      : html`<p>best: <b>${metricsText(best, spec.objectives)}</b> by trial ${best.trial}, <code>${paramsText(best)}</code></p>`;
  return html`<p>the sweep <code>${id}</code>${names} by ${spec.strategy}: <b class="state-${state}">${state}</b>, ${countsText(result)}</p>
${ending}<p class="soft">${started === null ? '' : `started ${started}`}</p>`;
}

/** A sweep as one page: its trials as they rank, its plots, all that its best trial has come to, and each other trial folded. */
export async function sweepPage(sweep: ReportedSweep): Promise<string> {
  const { result, bestRun: best, pipeline } = sweep;
  const title = `${pipeline}: ${sweep.tags[0] ?? result.id}`;
  const about = aboutSweep(sweep);
  const first: Section[] = [{ id: 'trials', title: 'Trials', body: trialsTable(sweep) }, ...plotsOf(sweep)];
  const last: Section[] = [{ id: 'each-trial', title: 'Each trial', body: eachTrial(result) }];
  if (best === undefined) return framedPage({ title, about, sections: [...first, ...last] });
  const intro = html`<p>Trial ${result.best?.trial}: <code>${best.run}</code>. What follows is all of it.</p>`;
  return reportPage([best], undefined, { title, about, first: [...first, { id: 'best', title: 'The best trial', body: intro }], last });
}

import type { Drawn, ReportRun } from '../../model/report.ts';
import { html, type Markup } from '../../text/markup.ts';
import { dataTable, folded } from './parts.ts';
import { markdownReader } from './rendered.ts';
import { nameOf } from './shown-values.ts';

/** Outputs that are named one by one as not drawn. */
const MOST_LEFT = 8;

type Read = (markdown: string) => Markup;

function body(drawn: Drawn, label: string, read: Read | undefined): Markup {
  switch (drawn.kind) {
    case 'picture':
      return html`<img src="data:${drawn.type};base64,${Buffer.from(drawn.bytes).toString('base64')}" alt="${label}">`;
    case 'table': {
      const [heads = [], ...rows] = drawn.rows;
      const isNumber = heads.map((_, column) => rows.every((row) => row[column] === '' || Number.isFinite(Number(row[column]))));
      const columns = heads.map((head, column) => ({ head, isNumber: column > 0 && isNumber[column] === true }));
      const cells = rows.map((row) => heads.map((_, column) => ({ content: row[column] ?? '' })));
      const more = drawn.count > rows.length ? html`<p class="soft">The first ${rows.length} of ${drawn.count} rows.</p>` : '';
      return html`${dataTable(label, columns, cells)}${more}`;
    }
    case 'markdown':
      return html`<div class="text" role="region" tabindex="0" aria-label="${label}">${read?.(drawn.text) ?? drawn.text}</div>`;
    case 'html':
      return html`<iframe sandbox="" srcdoc="${drawn.text}" title="${label}, as it stands in the file; it runs nothing here"></iframe>`;
  }
}

function show(drawn: Drawn, run: string | undefined, read: Read | undefined): Markup {
  const label = run === undefined ? drawn.from : `${drawn.from} of ${run}`;
  return html`<figure class="drawn"><figcaption>${label}</figcaption>${body(drawn, label, read)}</figure>`;
}

/** What runs made that can be seen, as parts of a page. */
export interface DrawnOutputs {
  /** What the pipelines ask for. */
  readonly leading: readonly Markup[];
  readonly others: Markup | undefined;
  /** Whether pages of others are among them. */
  readonly hasPages: boolean;
}

/** What runs made that can be seen: what the pipeline asks for at once, the rest when it is asked for. */
export async function drawnOutputs(runs: readonly ReportRun[]): Promise<DrawnOutputs> {
  const all = runs.flatMap((run) => run.drawn.map((drawn) => ({ drawn, run: runs.length > 1 ? nameOf(run) : undefined })));
  const read = all.some(({ drawn }) => drawn.kind === 'markdown') ? await markdownReader() : undefined;
  const [leading, others] = [true, false].map((isShown) => all.filter(({ drawn }) => drawn.isShown === isShown));
  const undrawn = runs.flatMap((run) => run.undrawn);
  const left = undrawn.slice(0, MOST_LEFT).map((words) => html`<li>${words}</li>`);
  const more = undrawn.length > left.length ? html`<li>and ${undrawn.length - left.length} more</li>` : '';
  const told = left.length === 0 ? '' : html`<p class="soft">Not shown here:</p><ul class="soft">${left}${more}</ul>`;
  const rest = (others ?? []).map(({ drawn, run }) => folded(drawn.from + (run === undefined ? '' : ` of ${run}`), show(drawn, run, read)));
  return {
    leading: (leading ?? []).map(({ drawn, run }) => show(drawn, run, read)),
    others: rest.length === 0 && left.length === 0 ? undefined : html`${rest}${told}`,
    hasPages: all.some(({ drawn }) => drawn.kind === 'html'),
  };
}

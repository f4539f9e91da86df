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
      const left = [
        ...(drawn.count > rows.length ? [`the first ${rows.length} of ${drawn.count} rows`] : []),
        ...(drawn.columns > heads.length ? [`the first ${heads.length} of ${drawn.columns} columns`] : []),
      ];
      const more = left.length > 0 ? html`<p class="soft">Here are ${left.join(', ')}.</p>` : '';
      return html`${dataTable(label, columns, cells)}${more}`;
    }
    case 'markdown':
      return html`<div class="text" role="region" tabindex="0" aria-label="${label}">${read?.(drawn.text) ?? drawn.text}</div>`;
    case 'html':
      return html`<iframe sandbox="" srcdoc="${drawn.text}" title="${label}, as it stands in the file; it runs nothing here"></iframe>`;
  }
}

/** What runs have of one output, next to each other. */
interface Beside {
  readonly from: string;
  readonly all: readonly { readonly drawn: Drawn; readonly run: string | undefined }[];
}

function besideEachOther(runs: readonly ReportRun[], isShown: boolean): Beside[] {
  const found = new Map<string, Beside['all']>();
  for (const run of runs) {
    for (const drawn of run.drawn) {
      if (drawn.isShown !== isShown) continue;
      found.set(drawn.from, [...(found.get(drawn.from) ?? []), { drawn, run: runs.length > 1 ? nameOf(run) : undefined }]);
    }
  }
  return [...found].map(([from, all]) => ({ from, all }));
}

function show({ from, all }: Beside, read: Read | undefined): Markup {
  const figures = all.map(({ drawn, run }) => {
    const label = run === undefined ? from : `${from} of ${run}`;
    return html`<figure class="drawn"><figcaption>${label}</figcaption>${body(drawn, label, read)}</figure>`;
  });
  return all.length > 1 ? html`<div class="beside">${figures}</div>` : html`${figures}`;
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
  const all = runs.flatMap((run) => run.drawn);
  const read = all.some(({ kind }) => kind === 'markdown') ? await markdownReader() : undefined;
  const [leading, others] = [besideEachOther(runs, true), besideEachOther(runs, false)];
  const undrawn = runs.flatMap((run) => run.undrawn);
  const left = undrawn.slice(0, MOST_LEFT).map((words) => html`<li>${words}</li>`);
  const more = undrawn.length > left.length ? html`<li>and ${undrawn.length - left.length} more</li>` : '';
  const told = left.length === 0 ? '' : html`<p class="soft">Not shown here:</p><ul class="soft">${left}${more}</ul>`;
  const rest = others.map((beside) => {
    const whose = beside.all.flatMap(({ run }) => run ?? []).join(' and ');
    return folded(whose === '' ? beside.from : `${beside.from} of ${whose}`, show(beside, read));
  });
  return {
    leading: leading.map((beside) => show(beside, read)),
    others: rest.length === 0 && left.length === 0 ? undefined : html`${rest}${told}`,
    hasPages: all.some(({ kind }) => kind === 'html'),
  };
}

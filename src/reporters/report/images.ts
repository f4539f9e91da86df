import { figure } from '../../text/figures.ts';
import type { Confusion, Samples } from '../../model/report.ts';
import { html, type Markup } from '../../text/markup.ts';
import { region } from './parts.ts';

/** How strongly a cell is coloured, in ten steps. */
function shade(share: number): number {
  return share <= 0 ? 0 : Math.min(9, 1 + Math.floor(share * 9));
}

/** A cell of a matrix: what it says, and how strongly it is coloured as right or wrong. */
interface MatrixCell {
  readonly text: string;
  readonly look: string;
  readonly title: string;
}

/** A table with a row for each true class and a column for each class it was taken for; `last`: what stands at the end of a row. */
function matrix(
  label: string,
  classes: readonly string[],
  rows: readonly { readonly cells: readonly MatrixCell[]; readonly last: string }[],
): Markup {
  const head = classes.map((name) => html`<th scope="col"><span>${name}</span></th>`);
  const lines = rows.map(({ cells, last }, truth) => {
    const drawn = cells.map(({ text, look, title }) => html`<td class="${look}" title="${title}">${text}</td>`);
    return html`<tr><th scope="row">${classes[truth]}</th>${drawn}<td class="share">${last}</td></tr>`;
  });
  const table = html`<table class="confusion"><thead><tr><th scope="col">${'is ↓ said →'}</th>${head}<th scope="col"><span>right</span></th></tr></thead><tbody>${lines}</tbody></table>`;
  return region(`Confusion of ${label}`, table);
}

const sumOf = (row: readonly number[]): number => row.reduce((total, count) => total + count, 0);

/** The share of a class that was taken for itself. */
const recallOf = (row: readonly number[], truth: number): number => (row[truth] ?? 0) / sumOf(row);

const rounded = (share: number): string => (Number.isFinite(share) ? figure(Number(share.toFixed(3))) : '');

/** How often each class was taken for each. */
export function confusionTable({ from, classes, counts }: Confusion, run?: string): Markup {
  const label = run === undefined ? from : `${from} of ${run}`;
  const rows = counts.map((row, truth) => {
    const sum = sumOf(row);
    const cells = row.map((count, taken) => ({
      text: count === 0 ? '' : String(count),
      look: `${truth === taken ? 'right' : 'wrong'} s${shade(sum === 0 ? 0 : count / sum)}`,
      title: `${classes[truth]} taken for ${classes[taken]}: ${count}`,
    }));
    return { cells, last: rounded(recallOf(row, truth)) };
  });
  return html`<figure class="wide"><figcaption>${label}: rows are what is so, columns what was said; last, the share that is right</figcaption>${matrix(label, classes, rows)}</figure>`;
}

const signed = (value: number): string => (value > 0 ? `+${value}` : value < 0 ? `−${-value}` : '');

/** How much more and less often each class was taken for each than before; undefined where the classes are not the same. */
export function confusionChange(before: Confusion, after: Confusion, label: string): Markup | undefined {
  const { classes } = after;
  if (JSON.stringify(before.classes) !== JSON.stringify(classes)) return undefined;
  const rows = after.counts.map((row, truth) => {
    const old = before.counts[truth] ?? [];
    const sum = Math.max(1, sumOf(row), sumOf(old));
    const cells = row.map((count, taken) => {
      const change = count - (old[taken] ?? 0);
      const isGood = (truth === taken) === change > 0;
      const title = `${classes[truth]} taken for ${classes[taken]}: ${old[taken] ?? 0}, then ${count}`;
      return { text: signed(change), look: `${isGood ? 'right' : 'wrong'} s${shade(Math.min(1, (3 * Math.abs(change)) / sum))}`, title };
    });
    const gained = Number((recallOf(row, truth) - recallOf(old, truth)).toFixed(3));
    return { cells, last: Number.isFinite(gained) ? signed(gained) : '' };
  });
  return html`<figure class="wide"><figcaption>${label}: green is more that is right or less that is wrong</figcaption>${matrix(label, classes, rows)}</figure>`;
}

/** Images with what they are and what they were taken for, the surest mistakes first. */
export function sampleGrid({ from, items }: Samples, run?: string): Markup {
  const cards = items.map(({ image, name, truth, predicted, probability }) => {
    const isRight = truth === predicted;
    const words = isRight ? html`<b>${truth}</b>` : html`<b>${predicted}</b>, but is ${truth}`;
    return html`<li class="${isRight ? 'hit' : 'miss'}"><img src="data:image/png;base64,${Buffer.from(image).toString('base64')}" alt="${name}"><span>${words} <small>${Math.round(probability * 100)} %</small></span></li>`;
  });
  return html`<figure class="wide"><figcaption>${run === undefined ? from : `${from} of ${run}`}: the surest mistakes, then what is right</figcaption><ul class="samples">${cards}</ul></figure>`;
}

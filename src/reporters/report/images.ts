import { figure } from '../../text/figures.ts';
import type { Confusion, Samples } from '../../model/report.ts';
import { html, type Markup } from '../../text/markup.ts';
import { region } from './parts.ts';

/** How strongly a cell is coloured, in ten steps. */
function shade(share: number): number {
  return share <= 0 ? 0 : Math.min(9, 1 + Math.floor(share * 9));
}

/** A table with a row for each true class and a column for each class it was taken for. */
export function confusionTable({ from, classes, counts }: Confusion, run?: string): Markup {
  const label = run === undefined ? from : `${from} of ${run}`;
  const head = classes.map((name) => html`<th scope="col"><span>${name}</span></th>`);
  const rows = counts.map((row, truth) => {
    const sum = row.reduce((total, count) => total + count, 0);
    const cells = row.map(
      (count, taken) =>
        html`<td class="${truth === taken ? 'right' : 'wrong'} s${shade(sum === 0 ? 0 : count / sum)}" title="${classes[truth]} taken for ${classes[taken]}: ${count}">${count === 0 ? '' : count}</td>`,
    );
    const recall = sum === 0 ? '' : figure(Number(((row[truth] ?? 0) / sum).toFixed(3)));
    return html`<tr><th scope="row">${classes[truth]}</th>${cells}<td class="share">${recall}</td></tr>`;
  });
  const table = html`<table class="confusion"><thead><tr><th scope="col">${'is ↓ said →'}</th>${head}<th scope="col"><span>right</span></th></tr></thead><tbody>${rows}</tbody></table>`;
  return html`<figure class="wide"><figcaption>${label}: rows are what is so, columns what was said; last, the share that is right</figcaption>${region(`Confusion of ${label}`, table)}</figure>`;
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

import { html, type Markup } from '../../text/markup.ts';

/** Lines beyond this share the colours again, with other dashes. */
const COLOURS = 10;

/** What tells lines apart beside their colours. */
const DASHES = ['', '7 3', '2 3', '9 3 2 3'];

/** How a line of a chart looks, by its place in the legend. */
export function lookOf(index: number): { readonly colour: string; readonly dash: string } {
  return { colour: `c${index % COLOURS}`, dash: DASHES[index % DASHES.length] ?? '' };
}

/** What each line of a chart is, with a piece of it. */
export function legend(labels: readonly string[]): Markup {
  const items = labels.map((label, index) => {
    const { colour, dash } = lookOf(index);
    return html`<li class="${colour}"><svg width="26" height="8" aria-hidden="true"><line x1="0" x2="26" y1="4" y2="4" stroke-dasharray="${dash}"/></svg><span class="label">${label}</span></li>`;
  });
  return html`<ul class="legend" tabindex="0">${items}</ul>`;
}

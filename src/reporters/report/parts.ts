import { html, type Markup } from '../../text/markup.ts';

type Content = Parameters<typeof html>[1];

/** What may be wider than a screen, in an area that is scrolled by itself, with the keyboard too. */
export function region(label: string, content: Content): Markup {
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${label}">${content}</div>`;
}

/** What is there to be complete, and seen when it is asked for. */
export function folded(summary: Content, content: Content): Markup {
  return html`<details><summary>${summary}</summary>${content}</details>`;
}

/** A column of a table. */
export interface Column {
  readonly head: Content;
  readonly isNumber?: boolean;
}

/** A cell that is more than its content. */
export interface Cell {
  readonly content: Content;
  readonly style?: string;
}

/** A table in an area of its own; the first cell of a row is its header. */
export function dataTable(label: string, columns: readonly Column[], rows: readonly (readonly Cell[])[]): Markup {
  const styleOf = (column: number, style = ''): string => [columns[column]?.isNumber === true ? 'number' : '', style].join(' ').trim();
  const heads = columns.map(({ head }, column) => html`<th scope="col" class="${styleOf(column)}">${head}</th>`);
  const lines = rows.map((row) => {
    const cells = row.map(({ content, style }, column) =>
      column === 0
        ? html`<th scope="row" class="${styleOf(0, style)}">${content}</th>`
        : html`<td class="${styleOf(column, style)}">${content}</td>`,
    );
    return html`<tr>${cells}</tr>`;
  });
  return region(label, html`<table><thead><tr>${heads}</tr></thead><tbody>${lines}</tbody></table>`);
}

/** A cell of a state, in its colour. */
export function stateCell(state: string): Cell {
  return { content: state, style: `state-${state}` };
}

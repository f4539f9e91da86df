import { type Line, strong } from '../text/styled.ts';
import { wrappedTable } from '../text/wrapped.ts';

/** Rows below a heading, in columns; nothing where there are no rows. */
export function section(
  title: string,
  rows: readonly (readonly Line[])[],
  width: number | undefined,
  more: { readonly isRight?: (column: number) => boolean; readonly most?: readonly (number | undefined)[] } = {},
): readonly Line[] {
  if (rows.length === 0) return [];
  const lines = wrappedTable(rows, { ...more, width: width === undefined ? undefined : Math.max(width - 2, 10) });
  return ['', strong(title), ...lines.map((line): Line => ['  ', line])];
}

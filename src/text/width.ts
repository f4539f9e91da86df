import stringWidth from 'fast-string-width';

/** Characters that all take one column, and move nothing. */
const ASCII = /^[\x20-\x7e]*$/;

/** The columns that text takes on a terminal: two for wide characters and emoji, none for combining marks. */
export function widthOf(text: string): number {
  return ASCII.test(text) ? text.length : stringWidth(text);
}

/** Text cut to so many columns, between characters as people see them. */
export function cutToWidth(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  if (ASCII.test(text)) return text.slice(0, width);
  let kept = '';
  let taken = 0;
  // Made only here: it costs several milliseconds.
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    taken += widthOf(segment);
    if (taken > width) break;
    kept += segment;
  }
  return kept;
}

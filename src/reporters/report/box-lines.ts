import { cutToWidth, widthOf } from '../../text/width.ts';

/** Pieces of a name that it is best parted between: each ends after a sign, or before a bracket. */
function pieces(text: string): string[] {
  return text.split(/(?<=[-_.,: ])|(?=\[)/u).filter((piece) => piece !== '');
}

/**
 * A text in at most so many lines of so many columns, parted where names are parted, else between characters. What does not fit is left out,
 * with an ellipsis in its place.
 */
export function boxLines(text: string, columns: number, most: number): readonly string[] {
  const lines: string[] = [''];
  const add = (piece: string): void => {
    const last = lines.at(-1) ?? '';
    if (widthOf(last + piece.trimEnd()) <= columns) {
      lines[lines.length - 1] = last + piece;
      return;
    }
    if (last.trim() === '') {
      const head = cutToWidth(piece, columns);
      lines[lines.length - 1] = head;
      // A character wider than the line is the last thing that is told.
      if (head === '' || head === piece) return;
      lines.push('');
      add(piece.slice(head.length));
      return;
    }
    lines.push('');
    add(piece);
  };
  // More is never shown, however long a name is.
  for (const piece of pieces(text.slice(0, columns * most * 2))) add(piece);
  const shown = lines.map((line) => line.trim()).filter((line) => line !== '');
  if (shown.length <= most) return shown;
  const kept = shown.slice(0, most);
  return [...kept.slice(0, -1), `${cutToWidth(kept.at(-1) ?? '', columns - 1)}…`];
}

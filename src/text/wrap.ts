import { widthOf } from './width.ts';

/** The columns of a terminal that running text may take. */
export const TEXT_WIDTH = 80;

/** Text as lines of at most so many columns, broken between words; a longer word has a line to itself. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line === '' || widthOf(longer) <= width) line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line];
}

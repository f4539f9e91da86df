import { shorten } from '../../text/shorten.ts';

/** A line of a text: where it begins, and what it holds. */
export interface TextLine {
  readonly start: number;
  readonly text: string;
  /** Characters before its first one that is no space. */
  readonly indent: number;
}

/** The line that an offset lies in. */
export function lineAt(text: string, offset: number): TextLine {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const end = text.indexOf('\n', start);
  const line = text.slice(start, end === -1 ? undefined : end).replace(/\r$/, '');
  return { start, text: line, indent: line.length - line.trimStart().length };
}

/** Whether a line holds more than a comment. */
function isFilled({ text, indent }: TextLine): boolean {
  return indent < text.length && text[indent] !== '#';
}

/** The lines that hold more than a comment, from that of an offset on, downward or upward. */
export function* filledLines(text: string, offset: number, way: 'down' | 'up'): Generator<TextLine> {
  for (let at = offset; at >= 0 && at <= text.length; ) {
    const line = lineAt(text, at);
    if (isFilled(line)) yield line;
    at = way === 'up' ? line.start - 1 : line.start + line.text.length + (text[line.start + line.text.length] === '\r' ? 2 : 1);
  }
}

/** A line of a file as a hint repeats it. */
export function shown(line: string): string {
  return shorten(line.trim(), 60);
}

/** What would move a cursor, colour a terminal or turn the direction of a text. */
const UNSEEN = /(?![\n\t])[\p{Cc}\p{Bidi_Control}]/gu;

function escaped(char: string): string {
  const code = char.charCodeAt(0).toString(16);
  return code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`;
}

/** A text as a terminal may be given it: control characters, which any child or file may hold, are shown as `\x1b`; lines stay lines. */
export function printable(text: string): string {
  return text.replaceAll(UNSEEN, escaped);
}

/** The same as a terminal is given it in one line. */
export function printableLine(text: string): string {
  return printable(text.replaceAll(/[\r\n]+/g, ' '));
}

/** What colours text, and nothing else (Select Graphic Rendition, ECMA-48). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are told by one.
const COLOURS = /\u001b\[[\d;:]*m/g;

/** A text without what colours it. */
export function withoutColours(text: string): string {
  return text.replaceAll(COLOURS, '');
}

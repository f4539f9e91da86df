/** A piece of an SVG picture, as text. */
export type Piece = string;

type Attributes = Readonly<Record<string, string | number>>;

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Text as XML allows it; control characters, which it allows in no writing, become spaces. */
function plain(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ').replace(/[&<>"]/g, (letter) => entities[letter] as string);
}

/** A number with two decimals at most, without a sign before 0: the same number is always the same text. */
const number = (value: number): string => String(Number(value.toFixed(2)) + 0);

/** An element with its attributes and what it holds. */
export function element(name: string, attributes: Attributes, content: readonly Piece[] = []): Piece {
  const listed = Object.entries(attributes).map(([key, value]) => ` ${key}="${typeof value === 'number' ? number(value) : plain(value)}"`);
  return content.length === 0 ? `<${name}${listed.join('')}/>` : `<${name}${listed.join('')}>${content.join('')}</${name}>`;
}

/** A line of text whose baseline starts (or ends, or is centred, by `text-anchor`) at a place. */
export function text(x: number, y: number, words: string, attributes: Attributes = {}): Piece {
  return element('text', { x, y, ...attributes }, [plain(words)]);
}

/** A straight line. */
export function line(x1: number, y1: number, x2: number, y2: number, attributes: Attributes): Piece {
  return element('line', { x1, y1, x2, y2, ...attributes });
}

/**
 * A whole picture on a white card with a thin border, so that it reads the same on a white page, on a dark one and in print. It holds no
 * script and needs nothing from outside.
 */
export function card(width: number, height: number, title: string, content: readonly Piece[]): string {
  const frame = {
    xmlns: 'http://www.w3.org/2000/svg',
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    role: 'img',
    'font-family': 'system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif',
    'font-size': 12,
    fill: '#333',
  };
  const paper = element('rect', { x: 0.5, y: 0.5, width: width - 1, height: height - 1, rx: 6, fill: '#fff', stroke: '#ccc' });
  return `${element(
    'svg',
    frame,
    [element('title', {}, [plain(title)]), paper, ...content].map((piece) => `\n${piece}`),
  )}\n`;
}

import { html, Markup } from './markup.ts';

type Attributes = Readonly<Record<string, string | number>>;

/** A number with two decimals at most, without a sign before 0: the same number is always the same text. */
const number = (value: number): string => String(Number(value.toFixed(2)) + 0);

/** An element with its attributes and what it holds; texts are escaped. */
export function element(name: string, attributes: Attributes, ...content: readonly (Markup | string)[]): Markup {
  const listed = Object.entries(attributes).map(
    ([key, value]) => html` ${new Markup(key)}="${typeof value === 'number' ? number(value) : value}"`,
  );
  const tag = new Markup(name);
  return content.length === 0 ? html`<${tag}${listed}/>` : html`<${tag}${listed}>${content}</${tag}>`;
}

/** A line of text whose baseline starts (or ends, or is centred, by `text-anchor`) at a place. */
export function text(x: number, y: number, words: string, attributes: Attributes = {}): Markup {
  return element('text', { x, y, ...attributes }, words);
}

/** A straight line. */
export function line(from: readonly [x: number, y: number], to: readonly [x: number, y: number], attributes: Attributes): Markup {
  return element('line', { x1: from[0], y1: from[1], x2: to[0], y2: to[1], ...attributes });
}

/** A line from point to point. */
export function polyline(points: readonly (readonly [x: number, y: number])[], attributes: Attributes): Markup {
  return element('polyline', { points: points.map(([x, y]) => `${x.toFixed(2)},${y.toFixed(2)}`).join(' '), fill: 'none', ...attributes });
}

/** What a browser shows when the pointer rests on the element around it. */
export function tip(words: string): Markup {
  return element('title', {}, words);
}

/** Text cut to so many letters. */
export function cut(words: string, length: number): string {
  return words.length <= length ? words : `${words.slice(0, length - 1)}…`;
}

/**
 * A whole picture on a white card with a thin border, so that it reads the same on a white page, on a dark one and in print. It holds no
 * script and needs nothing from outside. Lengths are pixels.
 */
export function picture(size: { readonly width: number; readonly height: number }, title: string, content: readonly Markup[]): string {
  const { width, height } = size;
  const frame = {
    xmlns: 'http://www.w3.org/2000/svg',
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    role: 'img',
    'font-family': "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif",
    'font-size': 12,
    fill: '#333',
  };
  const card = element('rect', { x: 0.5, y: 0.5, width: width - 1, height: height - 1, rx: 6, fill: '#fff', stroke: '#ccc' });
  return `${element('svg', frame, ...[tip(title), card, ...content].map((piece) => html`\n${piece}`), '\n').text}\n`;
}

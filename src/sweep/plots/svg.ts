/** A piece of an SVG picture, as text. */
export type Shape = string;

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escaped(text: string): string {
  // Control characters are not allowed in XML, however they are written.
  return text.replaceAll(/[&<>"]/g, (char) => ESCAPES[char] ?? char).replaceAll(/[^\P{Cc}\t\n]/gu, ' ');
}

/** One element; numbers are written with two decimals at most. */
export function shape(name: string, attributes: Readonly<Record<string, string | number>>, ...inside: readonly Shape[]): Shape {
  const listed = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${typeof value === 'number' ? Number(value.toFixed(2)) : escaped(value)}"`,
  );
  return inside.length === 0 ? `<${name}${listed.join('')}/>` : `<${name}${listed.join('')}>${inside.join('')}</${name}>`;
}

/** A line of text at a place. */
export function label(x: number, y: number, text: string, attributes: Readonly<Record<string, string | number>> = {}): Shape {
  return shape('text', { x, y, ...attributes }, escaped(text));
}

/** What a browser shows when the pointer rests on the shape around it. */
export function tip(text: string): Shape {
  return shape('title', {}, escaped(text));
}

/** Text cut to so many letters. */
export function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

/** A whole picture on white; it shows in any browser and needs nothing from outside. */
export function picture(width: number, height: number, title: string, shapes: readonly Shape[]): string {
  const frame = shape(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      'font-family': 'system-ui, sans-serif',
      'font-size': 12,
      fill: '#333',
      role: 'img',
    },
    tip(title),
    shape('rect', { width, height, fill: '#fff' }),
    ...shapes,
  );
  return `${frame}\n`;
}

/** Colours from dark violet to yellow (five stops of matplotlib's viridis); `place` is from 0 to 1. */
export function colour(place: number): string {
  const stops = [
    [68, 1, 84],
    [59, 82, 139],
    [33, 145, 140],
    [94, 201, 98],
    [253, 231, 37],
  ];
  const at = Math.min(0.9999, Math.max(0, place)) * (stops.length - 1);
  const [from = [], to = []] = stops.slice(Math.floor(at));
  const mixed = from.map((value, index) => Math.round(value + ((to[index] ?? value) - value) * (at % 1)));
  return `rgb(${mixed.join(',')})`;
}

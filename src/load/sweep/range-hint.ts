/** A number, as ranges are written with. */
export const NUMBER = '[-+]?\\d*\\.?\\d+(?:[eE][-+]?\\d+)?';

/** How a text that looks like a range is written as one. */
export function rangeHint(text: string): string | undefined {
  const [, from, to] = new RegExp(`^(${NUMBER})\\s*(?:-|:|,?\\s*to\\s*|\\.{1,3})\\s*(${NUMBER})?$`).exec(text.trim()) ?? [];
  return from === undefined ? undefined : `a range has two ends, with two dots between: ${from}..${to ?? Number(from) * 2}`;
}

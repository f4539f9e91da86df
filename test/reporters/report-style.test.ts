import { describe, expect, test } from 'vitest';
import { FILLS, PALETTES, STYLE } from '../../src/reporters/report/style.ts';

type Colour = readonly [number, number, number];

const parsed = (text: string): Colour => [1, 3, 5].map((at) => Number.parseInt(text.slice(at, at + 2), 16)) as unknown as Colour;

/** The relative luminance of WCAG 2.2. */
function luminance(colour: Colour): number {
  const [red = 0, green = 0, blue = 0] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: Colour, b: Colour): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((one, other) => one - other);
  return (light + 0.05) / (dark + 0.05);
}

/** A colour laid over another one. */
const over = (top: Colour, share: number, below: Colour): Colour =>
  top.map((part, index) => part * share + (below[index] ?? 0) * (1 - share)) as unknown as Colour;

describe.each(Object.entries(PALETTES))('the %s colours of a page', (_, palette) => {
  const grounds = [parsed(palette.paper), parsed(palette.tint)];

  test('words stand out from what is below them by 4.5 : 1', () => {
    for (const words of [palette.ink, palette.soft, palette.good, palette.bad, palette.reuse, palette.link])
      for (const ground of grounds) expect(contrast(parsed(words), ground), words).toBeGreaterThanOrEqual(4.5);
  });

  test('so do the numbers of a confusion matrix, however full their cells are', () => {
    for (const kind of ['right', 'wrong'] as const) {
      expect(FILLS[kind]).toHaveLength(9);
      for (const share of FILLS[kind])
        expect(
          contrast(parsed(palette.ink), over(palette[kind], share / 100, parsed(palette.paper))),
          `${kind} ${share}`,
        ).toBeGreaterThanOrEqual(4.5);
    }
  });

  test('lines of charts and the frames of boxes stand out by 3 : 1, and no two lines look the same', () => {
    for (const line of [...palette.lines, palette.soft])
      for (const ground of grounds) expect(contrast(parsed(line), ground), line).toBeGreaterThanOrEqual(3);
    expect(new Set(palette.lines).size).toBe(palette.lines.length);
  });
});

test('the style holds both, prints in light, and moves nothing for those who want no motion', () => {
  const [light = '', dark = '', print = ''] = STYLE.split(/@media\((?:prefers-color-scheme:dark)\)|@media print/);
  expect(light).toContain(`--ink:${PALETTES.light.ink}`);
  expect(dark).toContain(`--ink:${PALETTES.dark.ink}`);
  expect(print).toContain(`--ink:${PALETTES.light.ink}`);
  expect(STYLE).toContain('@media(prefers-reduced-motion:reduce)');
});

import { createContext, Script } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { ranged, smoothed } from '../../src/reporters/report/browser.ts';
import { chartScript } from '../../src/reporters/report/page-script.ts';
import { thinned } from '../../src/text/thinned.ts';

describe('the script of a page', () => {
  const { code, style } = chartScript();

  test('runs in a browser without anything of ours but its text, and ends no element of the page', () => {
    const asked: string[] = [];
    const document = {
      querySelectorAll: (selector: string) => {
        asked.push(selector);
        return [];
      },
      querySelector: () => null,
    };
    new Script(code).runInContext(createContext({ document }));
    expect(asked).toEqual(['figure.lines']);
    expect(code).not.toMatch(/<\//);
    expect(style).not.toMatch(/<\//);
  });

  test('each of its functions reaches for nothing but the others and what every browser has', () => {
    const own = code.slice(code.lastIndexOf('\nfunction smoothed'));
    expect(own).not.toMatch(/\bimport\b|\brequire\b|__vi|\bprocess\b|_\w+_import/);
  });

  test('comes with the licence of what it is made with', () => {
    expect(code).toMatch(/^\/\*\nuPlot\n\nThe MIT License \(MIT\)\n\nCopyright \(c\) 2022 Leon Sorokin/);
  });
});

describe('smoothing', () => {
  test('keeps what is level, follows what rises, passes gaps, and by 0 changes nothing', () => {
    for (const value of smoothed([5, 5, 5], 0.9)) expect(value).toBeCloseTo(5, 12);
    const [first, second, third] = smoothed([0, null, 10], 0.5);
    expect([first, second]).toEqual([0, null]);
    // Weights 1/3 and 2/3: what an exponential mean gives whose weights add up to 1.
    expect(third).toBeCloseTo(20 / 3, 12);
    expect(smoothed([1, 7, 3], 0)).toEqual([1, 7, 3]);
  });
});

describe('zooming', () => {
  const all = [0, 100] as const;

  test('halves what is seen, or doubles it, and never leaves the steps that there are', () => {
    expect(ranged('closer', { min: 0, max: 100 }, all)).toEqual({ min: 25, max: 75 });
    expect(ranged('wider', { min: 25, max: 75 }, all)).toEqual({ min: 0, max: 100 });
    expect(ranged('wider', { min: 0, max: 40 }, all)).toEqual({ min: 0, max: 60 });
    expect(ranged('all', { min: 25, max: 75 }, all)).toEqual({ min: 0, max: 100 });
  });

  test('moves by a quarter of what is seen, as far as there are steps', () => {
    expect(ranged('left', { min: 40, max: 80 }, all)).toEqual({ min: 30, max: 70 });
    expect(ranged('left', { min: 5, max: 45 }, all)).toEqual({ min: 0, max: 40 });
    expect(ranged('right', { min: 40, max: 80 }, all)).toEqual({ min: 50, max: 90 });
    expect(ranged('right', { min: 55, max: 95 }, all)).toEqual({ min: 60, max: 100 });
  });
});

describe('a thinned curve', () => {
  test('has few points, keeps the ends and the extremes, in order; a short one stays', () => {
    const points = Array.from({ length: 10_000 }, (_, step) => [step, step === 4321 ? -50 : step === 77 ? 50 : Math.sin(step)] as const);
    const thin = thinned(points, 400);
    expect(thin.length).toBeLessThanOrEqual(400);
    expect(thin.length).toBeGreaterThan(200);
    for (const step of [0, 77, 4321, 9999]) expect(thin.map(([own]) => own)).toContain(step);
    expect([...thin].sort(([a], [b]) => a - b)).toEqual(thin);
    expect(thinned(points.slice(0, 400), 400)).toHaveLength(400);
  });
});

import { expect, test } from 'vitest';
import { gradeList, kinds, make, mistakesOf, withScreen } from './mistake.ts';

// How they are graded stands in README.md.
test.each(mistakesOf(...kinds))('$name', async ({ mistake, text, path }) => {
  const { code, screen } = await make(mistake);
  expect(code).toBe(mistake.exit);
  expect(screen.match(/^error:/gm), 'one error for one mistake').toHaveLength(1);
  expect(screen, 'no stack').not.toMatch(/^ +at /m);
  await expect(withScreen(text, screen)).toMatchFileSnapshot(path);
});

test('no screen is graded C or F, and three of four are graded A', () => {
  const grades = mistakesOf(...kinds).map(({ mistake: { grade } }) => grade);
  expect(grades.filter((grade) => !/^[AB]$/.test(grade))).toEqual([]);
  expect(grades.filter((grade) => grade === 'A').length).toBeGreaterThanOrEqual((grades.length * 3) / 4);
  expect(grades.length).toBeGreaterThanOrEqual(80);
});

test('README.md lists every mistake with its grade', async () => {
  const { path, text } = gradeList();
  await expect(text).toMatchFileSnapshot(path);
});

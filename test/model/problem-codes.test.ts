import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Problem } from '../../src/model/problem.ts';
import { askingCodes } from '../../src/model/problem-codes/asking.ts';
import { keepingCodes } from '../../src/model/problem-codes/keeping.ts';
import { runningCodes } from '../../src/model/problem-codes/running.ts';
import { problemCodes } from '../../src/model/problem-codes.ts';
import { checkout } from '../rig.ts';

/** The text of every source file but the table itself. */
function sources(): string {
  return readdirSync(join(checkout, 'src'), { recursive: true, withFileTypes: true })
    .filter(({ name }) => name.endsWith('.ts'))
    .filter(({ parentPath }) => !parentPath.endsWith('problem-codes'))
    .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8'))
    .join('\n');
}

describe('problem codes', () => {
  test('are in kebab-case, and each says what it means and what to do', () => {
    for (const [code, { means, remedy }] of Object.entries(problemCodes)) {
      expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(means, code).toMatch(/^.{10,}\.$/);
      expect(remedy.length, code).toBeGreaterThan(5);
    }
  });

  test('are all used somewhere', () => {
    const text = sources();
    expect(Object.keys(problemCodes).filter((code) => !text.includes(`'${code}'`))).toEqual([]);
  });

  test('stand in the order of the alphabet, so that two people add theirs in different places', () => {
    for (const table of [askingCodes, runningCodes, keepingCodes]) expect(Object.keys(table)).toEqual(Object.keys(table).toSorted());
    const count = [askingCodes, runningCodes, keepingCodes].reduce((sum, table) => sum + Object.keys(table).length, 0);
    expect(Object.keys(problemCodes)).toHaveLength(count);
  });

  test('are a closed union: no other code compiles', () => {
    // @ts-expect-error There is no such code.
    const problem: Problem = { kind: 'usage', code: 'no-such-code', message: '' };
    expect(problem.code in problemCodes).toBe(false);
  });
});

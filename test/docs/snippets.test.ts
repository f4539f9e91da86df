import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkout } from '../rig.ts';
import { follow, isAsSaid, snippetsOf } from './snippets.ts';

/** Pages of which each section begins in an empty folder; in others, each continues the one before. */
const SECTIONED = new Set(['recipes.md', 'python.md', 'languages.md', 'troubleshooting.md']);

const pages = readdirSync(join(checkout, 'docs')).filter((name) => name.endsWith('.md'));

const told = pages.flatMap((name) =>
  snippetsOf(readFileSync(join(checkout, 'docs', name), 'utf8'), { eachSection: SECTIONED.has(name) })
    .filter(({ snippets }) => snippets.some(({ kind }) => kind === 'command'))
    .map((section) => ({ page: `docs/${name}`, section, title: section.title })),
);

test.each(told)('$page works as it says: $title', async ({ section }) => {
  expect(await follow(section)).toBeUndefined();
});

describe('what a page says that a command prints', () => {
  test('is compared line by line, with any text for …', () => {
    expect(isAsSaid('a 1 b\nc\n', ['a … b', 'c'])).toBe(true);
    expect(isAsSaid('a 1 b\nc\n', ['a … b'])).toBe(false);
    expect(isAsSaid('a\nb\nc\n', ['a', '…'])).toBe(true);
    expect(isAsSaid('a\nb\nc\n', ['…', 'c'])).toBe(true);
    expect(isAsSaid('a(1)\n', ['a(2)'])).toBe(false);
  });
});

test('every link of a page leads to a file', () => {
  const broken = ['README.md', 'CONTRIBUTING.md', 'pipelines/README.md', ...pages.map((name) => `docs/${name}`)].flatMap((page) => {
    const text = readFileSync(join(checkout, page), 'utf8');
    const targets = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, target = '']) => target).filter((one) => !one.includes(':'));
    return targets.filter((target) => !existsSync(join(checkout, page, '..', target))).map((target) => `${page}: ${target}`);
  });
  expect(broken).toEqual([]);
});

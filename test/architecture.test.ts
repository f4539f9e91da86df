import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { parseSync } from 'oxc-parser';
import { describe, expect, test } from 'vitest';
import { root } from '../src/setup/places.mjs';

/** One import (or re-export) of a source file. */
interface Import {
  readonly from: string;
  readonly kind: 'value' | 'type' | 'dynamic';
}

/** What a source file reaches for. */
interface Source {
  readonly path: string;
  readonly imports: readonly Import[];
  readonly usesImportMeta: boolean;
  readonly importsByExpression: boolean;
}

/** Rooms that know no other: what they hold is used everywhere. */
const leaves = ['src/model/', 'src/text/', 'src/files/'];

/** What a project joins to one whole. */
const wired = ['code', 'dvc', 'load', 'engine', 'engines', 'executors', 'stores', 'records', 'sweep', 'reporters', 'setup'].map(
  (room) => `src/${room}/`,
);

/**
 * The import rule, as a table: the first row whose pattern fits a file says what it may import, each import written as a path from the
 * root (`src/…`, `stages/…`) or as a package's name. `self` stands for the file's own room or stage, `folder` for the folder
 * in its room that it lies below; `package` for any package but our own.
 */
const rules: readonly { readonly files: RegExp; readonly values: readonly string[]; readonly types?: readonly string[] }[] = [
  { files: /^src\/index\.ts$/, values: ['src/model/'] },
  { files: /^src\/events\.ts$/, values: ['package'], types: ['src/model/'] },
  { files: /^src\/training\.ts$/, values: ['src/model/'], types: ['src/nn/'] },
  { files: /^src\/cli\.ts$/, values: ['src/commands/'] },
  { files: /^src\/commands\//, values: ['self', 'src/project/', 'src/reporters/', ...leaves, 'package'] },
  { files: /^src\/project\//, values: ['self', ...leaves, ...wired, 'package'], types: ['src/nn/'] },
  { files: /^src\/nn\//, values: ['self', 'src/model/params.ts', 'src/text/', 'package'] },
  { files: /^src\/(?:model|text|files|setup)\//, values: ['self', 'package'] },
  { files: /^src\/(?:code|dvc)\//, values: ['self', ...leaves, 'package'] },
  { files: /^src\/(?:load|engine)\//, values: ['self', ...leaves, 'src/code/', 'package'] },
  { files: /^src\/executors\/job\//, values: ['folder', ...leaves, 'package'] },
  { files: /^src\/executors\/[^/]+\//, values: ['folder', 'src/executors/job/', 'src/executors/cluster/', ...leaves, 'package'] },
  { files: /^src\/stores\/[^/]+\//, values: ['folder', ...leaves, 'package'] },
  { files: /^src\/engines\//, values: ['self', ...leaves, 'src/setup/', 'package'] },
  { files: /^src\/records\//, values: ['self', ...leaves, 'src/nn/data/formats.ts', 'package'] },
  { files: /^src\/(?:executors|reporters|sweep)\//, values: ['self', ...leaves, 'package'] },
  { files: /^stages\/[^/]+\/stage\.ts$/, values: ['stillroom', 'stillroom/training'], types: ['stillroom/nn'] },
  { files: /^stages\/[^/]+\//, values: ['self', 'stillroom', 'stillroom/nn', 'package'], types: ['self'] },
];

/** Rooms that stage code is bundled from: what they reach must be known without running them. */
const bundled = /^(?:stages|src\/nn)\//;

/** Names that say nothing about what is inside. */
const drawers = /^(?:utils?|helpers?|common|misc|shared|lib)(?:\.\w+)?$/;

/** A node of a syntax tree, with the member that those that import have. */
interface SyntaxNode {
  readonly type: string;
  readonly source?: { readonly value?: unknown };
}

/** Every node of a syntax tree. (The parser's own visitor does not load on Node 20.17.) */
function* nodesBelow(value: unknown): Generator<SyntaxNode> {
  if (value === null || typeof value !== 'object') return;
  if (typeof (value as Partial<SyntaxNode>).type === 'string') yield value as SyntaxNode;
  for (const inner of Object.values(value)) yield* nodesBelow(inner);
}

/** Parses a source file's imports. */
function parse(path: string, text: string): Source {
  const { program, module, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  const imports: Import[] = module.staticImports.map(({ moduleRequest, entries }) => ({
    from: moduleRequest.value,
    kind: entries.length > 0 && entries.every((entry) => entry.isType) ? 'type' : 'value',
  }));
  for (const { entries } of module.staticExports) {
    for (const { moduleRequest, isType } of entries)
      if (moduleRequest) imports.push({ from: moduleRequest.value, kind: isType ? 'type' : 'value' });
  }
  let importsByExpression = false;
  for (const { type, source } of nodesBelow(program)) {
    if (type !== 'ImportExpression' && type !== 'TSImportType') continue;
    const from = source?.value;
    if (typeof from === 'string') imports.push({ from, kind: type === 'TSImportType' ? 'type' : 'dynamic' });
    else importsByExpression = true;
  }
  return { path, imports, usesImportMeta: module.importMetas.length > 0, importsByExpression };
}

/** A room (`src/engine/`) or stage (`stages/oof/`) of a file; a file that lies directly in `src` is a room of its own. */
const homeOf = (path: string) => /^(?:src|stages)\/[^/]+\/?/.exec(path)?.[0] ?? path;

/** Where an import leads: a path from the root, or a package's name. */
const targetOf = (path: string, from: string) => (from.startsWith('.') ? join(dirname(path), from) : from);

/** True if a target is what a word of the table stands for. */
function covers(word: string, path: string, target: string): boolean {
  const own = /^(?:src|stages)\//.test(target);
  if (word === 'self') return target.startsWith(homeOf(path));
  if (word === 'folder') return target.startsWith(/^src\/[^/]+\/[^/]+\//.exec(path)?.[0] ?? path);
  if (word === 'package') return !own && !target.startsWith('.') && !/^stillroom(?:\/|$)/.test(target);
  return word.endsWith('/') ? target.startsWith(word) : target === word;
}

/** All breaches of the import rule in one file, in words. What `init` writes is judged as the stages that it becomes. */
function breaches({ path: written, imports, usesImportMeta, importsByExpression }: Source): string[] {
  const path = written.replace(/^src\/commands\/template\//, '');
  const rule = rules.find(({ files }) => files.test(path));
  if (!rule) return [`${path} lies in no room of the table`];
  const found = imports
    .filter(({ from, kind }) => {
      const target = targetOf(path, from);
      if (kind === 'dynamic' && /^stages\/[^/]+\/stage\.ts$/.test(path)) return !from.startsWith('.') || !covers('self', path, target);
      const allowed = kind === 'type' ? [...rule.values, ...(rule.types ?? [])] : rule.values;
      return !allowed.some((word) => covers(word, path, target));
    })
    .map(({ from, kind }) => `${path} may not import ${from} (${kind})`);
  if (bundled.test(path) && usesImportMeta) found.push(`${path} uses import.meta`);
  if (bundled.test(path) && importsByExpression) found.push(`${path} imports a module by an expression`);
  return found;
}

/** A cycle of value imports, as a path of files, or undefined. */
function findCycle(sources: readonly Source[]): readonly string[] | undefined {
  const edges = new Map(
    sources.map(({ path, imports }) => [
      path,
      imports.filter(({ kind, from }) => kind === 'value' && from.startsWith('.')).map(({ from }) => targetOf(path, from)),
    ]),
  );
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): readonly string[] | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return undefined;
    for (const next of edges.get(path) ?? []) {
      const cycle = visit(next, [...trail, path]);
      if (cycle) return cycle;
    }
    done.add(path);
    return undefined;
  };
  for (const path of edges.keys()) {
    const cycle = visit(path, []);
    if (cycle) return cycle;
  }
  return undefined;
}

/** The calls and template texts that make a path of where a store is, in words. */
function joinsOfLocation(path: string, text: string): string[] {
  const makes = /\b(?:join|resolve)\([^()]*\blocation\b|\blocation\}\/|\blocation\s*\+/g;
  return [...text.matchAll(makes)].map(([found]) => `${path} makes a path of a store's location: ${found}`);
}

const paths = ['src', 'stages']
  .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
  .map((entry) => relative(root, join(entry.parentPath, entry.name)));
const sources = paths
  .filter((path) => /\.(?:ts|mjs)$/.test(path) && !path.endsWith('.d.ts'))
  .map((path) => parse(path, readFileSync(join(root, path), 'utf8')));

describe('architecture', () => {
  test('every file keeps the import rule', () => {
    expect(sources.length).toBeGreaterThan(50);
    expect(sources.flatMap(breaches)).toEqual([]);
  });

  test('no files import each other in a circle', () => {
    expect(findCycle(sources)).toBeUndefined();
  });

  test('no one but the store knows a path below its root', () => {
    const outside = sources.filter(({ path }) => !path.startsWith('src/stores/'));
    expect(outside.flatMap(({ path }) => joinsOfLocation(path, readFileSync(join(root, path), 'utf8')))).toEqual([]);
  });

  test('no file or folder has a name that says nothing', () => {
    expect(paths.filter((path) => drawers.test(basename(path)))).toEqual([]);
  });
});

test('no room but the engines, what installs them and the toolkit names an engine by its package, variables or kernels', () => {
  const named = /tfjs-node|\bTF_[A-Z]|oneDNN|\bSTILLROOM_DEVICE\b/i;
  const others = sources.filter(({ path }) => path.startsWith('src/') && !/^src\/(?:engines|nn|setup)\//.test(path));
  expect(others.map(({ path }) => path).filter((path) => named.test(readFileSync(join(root, path), 'utf8')))).toEqual([]);
});

describe('the rule itself', () => {
  const breach = (path: string, text: string) => breaches(parse(path, text)).length;

  test.each([
    ['src/commands/run.ts', "import { plan } from '../engine/plan.ts';"],
    ['src/engine/plan.ts', "import { open } from '../stores/local/store.ts';"],
    ['src/engine/plan.ts', "import type { Store } from '../stores/local/store.ts';"],
    ['src/engine/plan.ts', "export * from '../load/pipeline.ts';"],
    ['src/engine/plan.ts', "export type Loaded = import('../load/pipeline.ts').Loaded;"],
    ['src/executors/process/executor.ts', "import { open } from '../detached/executor.ts';"],
    ['src/stores/layered/results.ts', "import { open } from '../local/store.ts';"],
    ['src/project/run.ts', "import { run } from '../commands/run.ts';"],
    ['src/model/run.ts', "import { plan } from '../engine/plan.ts';"],
    ['src/nn/graph/graph.ts', "import { digest } from '../../model/canonical.ts';"],
    ['src/nn/graph/graph.ts', 'export const here = import.meta.url;'],
    ['src/nn/graph/graph.ts', 'export const load = (name: string) => import(name);'],
    ['src/load/text.ts', "import stage from '../../stages/oof/stage.ts';"],
    ['src/rooms/new.ts', 'export const room = 1;'],
    ['stages/oof/stage.ts', "import { train } from 'stillroom/nn';"],
    ['stages/oof/stage.ts', "import { readFileSync } from 'node:fs';"],
    ['stages/oof/stage.ts', "export const run = () => import('../fuse/run.ts');"],
    ['stages/oof/stage.ts', "export const run = () => import('sharp');"],
    ['stages/oof/run.ts', "import { fuse } from '../fuse/fuse.ts';"],
    ['stages/oof/run.ts', "import { train } from '../../src/nn/index.ts';"],
  ])('%s may not hold: %s', (path, text) => {
    expect(breach(path, text)).toBe(1);
  });

  test.each([
    ['src/project/run.ts', "import { plan } from '../engine/plan.ts';"],
    ['src/engine/plan.ts', "import { digest } from '../model/canonical.ts';\nimport { build } from 'esbuild';"],
    ['stages/oof/stage.ts', "import { defineStage } from 'stillroom';\nimport type { Network } from 'stillroom/nn';\nimport('./run.ts');"],
    ['stages/oof/stage.ts', "export const run = () => import('./work.ts');"],
    ['stages/oof/run.ts', "import type stage from './stage.ts';\nimport sharp from 'sharp';\nimport { predict } from 'stillroom/nn';"],
  ])('%s may hold: %s', (path, text) => {
    expect(breach(path, text)).toBe(0);
  });

  test.each(['join(store.location, "blobs")', 'resolve(location, "logs")', '`${opened.store.location}/logs`', "store.location + '/logs'"])(
    'a path below a store is found: %s',
    (text) => {
      expect(joinsOfLocation('src/commands/a.ts', text)).toHaveLength(1);
    },
  );

  test('a circle is found, one of types alone is not', () => {
    const pair = (word: string) => [
      parse('src/load/a.ts', `${word} { b } from './b.ts';`),
      parse('src/load/b.ts', `${word} { a } from './a.ts';`),
    ];
    expect(findCycle(pair('import'))).toEqual(['src/load/a.ts', 'src/load/b.ts', 'src/load/a.ts']);
    expect(findCycle(pair('import type'))).toBeUndefined();
  });
});

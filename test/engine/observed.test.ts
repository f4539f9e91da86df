import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { makePlan } from '../../src/engine/plan.ts';
import { runPlan } from '../../src/engine/run.ts';
import { programOf } from '../../src/executors/job/program.ts';
import { loadPipeline } from '../../src/load/pipeline/pipeline.ts';
import { sha256 } from '../../src/model/canonical.ts';
import type { Json } from '../../src/model/json.ts';
import { done, type Outcome } from '../../src/model/problem.ts';
import type { Store } from '../../src/model/store.ts';
import { askedOf } from '../../src/project/variants.ts';
import { openLocalStore } from '../../src/stores/local/store.ts';
import { type FakeAttempt, FakeExecutor, only } from '../executors/fake.ts';
import { emptyFolder, write } from '../folders.ts';

// A command and a stage are given all kinds of things. What they can see of them is taken from what is handed over: from the program that the
// command becomes, its folder and its variables, and from what the stage's entry reads. Their fingerprints must tell apart what they can.

/** Files by path; `true`: an empty folder; a leading `!`: executable. */
type Tree = Readonly<Record<string, string | true>>;

/** All that may differ between two runs. */
interface World {
  readonly value: Json;
  readonly words: readonly string[];
  readonly number: number;
  readonly source: string;
  readonly suffix: string;
  readonly isExecutable: boolean;
  readonly folder: Tree;
  readonly made: string;
  readonly madeSuffix: string;
  readonly isMadeExecutable: boolean;
  readonly madeFolder: Tree;
  readonly points: readonly Json[];
  readonly variable: string;
  readonly output: string;
  readonly at: string | null;
  readonly cpu: number;
  readonly run: string | readonly string[];
  /** What no work can see. */
  readonly hidden: {
    readonly isReversed: boolean;
    readonly node: string;
    readonly source: string;
    readonly about: string;
    readonly timeout: string;
    readonly retries: number;
    readonly memory: string;
    readonly variable: string;
  };
}

const text = fc.constantFrom('', 'a', 'b', '1', 'true', 'a b', '{"a":1}', "it's", 'ü', '/');
const leaf = fc.oneof(text, fc.constantFrom<Json>(0, 1, 1.5, true, false, null));
const keys = fc.constantFrom('a', 'b', '2', '10', '__proto__');
const mapping = (value: fc.Arbitrary<Json>): fc.Arbitrary<Json> =>
  fc.uniqueArray(fc.tuple(keys, value), { maxLength: 3, selector: ([key]) => key }).map((entries) => Object.fromEntries(entries));
const value: fc.Arbitrary<Json> = fc.oneof(leaf, mapping(leaf), fc.array(leaf, { maxLength: 2 }), mapping(mapping(leaf)));
const content = fc.constantFrom('x', 'y');
const tree: fc.Arbitrary<Tree> = fc.dictionary(fc.constantFrom('a', 'b/c', '!t', 'e'), fc.oneof(content, fc.constant(true as const)), {
  maxKeys: 3,
  noNullPrototype: true,
});

const worlds: fc.Arbitrary<World> = fc.record({
  value,
  words: fc.array(fc.constantFrom('a', 'b'), { maxLength: 2 }),
  number: fc.constantFrom(1, 2),
  source: content,
  suffix: fc.constantFrom('', '.txt', '.md'),
  isExecutable: fc.boolean(),
  folder: tree,
  made: content,
  madeSuffix: fc.constantFrom('', '.bin'),
  isMadeExecutable: fc.boolean(),
  madeFolder: tree,
  points: fc.uniqueArray(value, { minLength: 1, maxLength: 2, selector: (one) => JSON.stringify(sorted(one)) }),
  variable: text,
  output: fc.constantFrom('o.txt', 'p/o.txt', 'o/'),
  at: fc.constantFrom(null, 'here', 'in/here'),
  cpu: fc.constantFrom(1, 2),
  run: fc.constantFrom<World['run']>('work', 'work again', ['work'], ['work', 'again']),
  hidden: fc.record({
    isReversed: fc.boolean(),
    node: fc.constantFrom('work', 'job'),
    source: fc.constantFrom('here/source', 'there/other'),
    about: fc.constantFrom('one', 'two'),
    timeout: fc.constantFrom('1h', '2h'),
    retries: fc.constantFrom(0, 1),
    memory: fc.constantFrom('1MiB', '2MiB'),
    variable: fc.constantFrom('is', 'is not'),
  }),
});

/** A world and one that shares all with it but some things. */
const pairs = fc
  .tuple(worlds, worlds, fc.subarray<keyof World>(['hidden', ...names()], { minLength: 1, maxLength: 3 }))
  .map(([a, b, changed]) => [a, { ...a, ...Object.fromEntries(changed.map((key) => [key, b[key]])) }] as const);

function names(): (keyof World)[] {
  return ['value', 'words', 'number', 'source', 'suffix', 'isExecutable', 'folder', 'made', 'madeSuffix', 'isMadeExecutable', 'madeFolder']
    .concat(['points', 'variable', 'output', 'at', 'cpu', 'run'])
    .map((key) => key as keyof World);
}

function sorted(one: Json): Json {
  if (one === null || typeof one !== 'object' || Array.isArray(one)) return one;
  return Object.fromEntries(
    Object.entries(one)
      .sort()
      .map(([key, inner]) => [key, sorted(inner as Json)]),
  );
}

/** What a command and a stage of a world saw, and what a sweep would say was asked. */
interface Told extends Readonly<Record<'command' | 'stage', Seen>> {
  readonly asked: string;
}

/** What a node was given, as it can see it; and its fingerprint. */
interface Seen {
  readonly observed: string;
  readonly fingerprint: string;
}

let project: string;
let store: Store;
let code: string;

function must<Value>(outcome: Outcome<Value>): Value {
  if (!outcome.ok) throw new Error(outcome.problems.map(({ message }) => message).join('\n'));
  return outcome.value;
}

beforeAll(() => {
  project = emptyFolder();
  write(project, {
    'artifacts/.gitignore': '*\n',
    'stages/learn/stage.ts': `import { defineStage, param } from 'stillroom';
export default defineStage({
  about: 'Learns.',
  params: { words: param.strings(), number: param.number() },
  inputs: { text: 'file', folder: 'dir', one: 'file', many: 'file[]', dirs: 'dir' },
  outputs: { learned: 'file.txt', all: 'dir' },
  run: () => import('./run.ts'),
});
`,
    'stages/learn/run.ts': "import { work } from 'stillroom';\nexport default work(() => undefined);\n",
  });
  store = must(openLocalStore(join(project, 'artifacts')));
  code = store.artifacts.add(Buffer.from('export {};'));
});

function plant(root: string, planted: Tree): void {
  mkdirSync(root, { recursive: true });
  for (const [path, held] of Object.entries(planted)) {
    const file = join(root, dirname(path), basename(path).replace('!', ''));
    if (held === true) mkdirSync(file, { recursive: true });
    else write(root, { [join(dirname(path), basename(path).replace('!', ''))]: held });
    if (path.startsWith('!') && held !== true) chmodSync(file, 0o755);
  }
}

function reversedIf<Member>(isReversed: boolean, members: Readonly<Record<string, Member>>): Record<string, Member> {
  const entries = Object.entries(members);
  return Object.fromEntries(isReversed ? entries.reverse() : entries);
}

/** The pipeline of a world: JSON is YAML too. */
function pipelineOf(world: World): string {
  const { hidden } = world;
  const [file, folder] = [`${hidden.source}${world.suffix}`, `${hidden.source}-folder`];
  const ordered = <Member>(members: Readonly<Record<string, Member>>) => reversedIf(hidden.isReversed, members);
  const resources = { cpu: world.cpu, memory: hidden.memory };
  const common = { about: hidden.about, timeout: hidden.timeout, retries: hidden.retries, resources };
  return JSON.stringify({
    name: 'world',
    params: { free: world.value },
    sources: ordered({ file, folder }),
    stages: {
      make: { run: 'make', out: { file: `made${world.madeSuffix}`, folder: 'folder/' } },
      each: { matrix: { point: world.points }, run: 'each', with: { point: '$point' }, out: { file: 'each.txt' } },
      [hidden.node]: {
        ...common,
        run: world.run,
        in: ordered({
          text: world.at === null ? '$sources.file' : { from: '$sources.file', at: world.at },
          folder: '$sources.folder',
          one: 'make.file',
          dirs: 'make.folder',
          many: { from: 'each.file', all: true },
        }),
        with: ordered({ value: '$free', words: world.words }),
        env: ordered({ GREETING: world.variable, OTHER: 'same' }),
        out: ordered({ learned: world.output, all: 'all/' }),
      },
      learn: {
        ...common,
        uses: 'learn',
        in: ordered({ text: '$sources.file', folder: '$sources.folder', one: 'make.file', dirs: 'make.folder', many: 'each.file' }),
        with: ordered({ words: world.words, number: world.number }),
        env: ordered({ GREETING: world.variable, OTHER: 'same' }),
      },
    },
  });
}

/** Everything below a folder: kinds, bytes and whether they may be executed. */
function treeOf(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const bits = (lstatSync(path).mode & 0o111) === 0 ? '' : ' executable';
      return `${path.slice(root.length)}${entry.isDirectory() ? '/' : `${bits} ${readFileSync(path, 'utf8')}`}`;
    })
    .sort();
}

/** What an attempt can see, its own folders called by no name. */
function observed({ specification, secrets }: FakeAttempt): string {
  const { folder, attempt, program, params, inputs, outputs, env, resources, checkpoints } = specification;
  const runtime = { node: 'node', nodeMajor: 24, installation: '/stillroom', libraries: [] };
  const { command, env: variables } = programOf({ specification, secrets }, runtime);
  const given =
    program.kind === 'command' ? { command, variables } : { params, inputs, outputs, variables: { ...variables, env }, cpu: resources.cpu };
  const trees = ['in', 'work', 'out'].map((name) => (existsSync(join(folder, name)) ? treeOf(join(folder, name)) : []));
  return JSON.stringify({ given, trees }).replaceAll(folder, '.').replaceAll(checkpoints, 'checkpoints').replaceAll(attempt, 'attempt');
}

let count = 0;

/** Runs a world's pipeline without executing anything, and tells what its command and its stage could see. */
async function run(world: World): Promise<Told> {
  const root = join(project, 'worlds', String(count));
  plant(join(root, `${world.hidden.source}-folder`), world.folder);
  const file = `${world.hidden.source}${world.suffix}`;
  write(root, { [file]: world.source, 'pipeline.yaml': pipelineOf(world) });
  if (world.isExecutable) chmodSync(join(root, file), 0o755);
  const seen = new Map<string, string>();
  const executor = new FakeExecutor((attempt) => {
    const { node, folder, outputs, program } = attempt.specification;
    seen.set(node, observed(attempt));
    for (const [port, { path, kind }] of Object.entries(outputs)) {
      const at = program.kind === 'command' ? join(folder, 'work', path) : path;
      if (kind === 'dir') plant(at, node === 'make' ? world.madeFolder : {});
      else write(dirname(at), { [basename(at)]: node === 'make' ? world.made : port });
      if (node === 'make' && kind === 'file' && world.isMadeExecutable) chmodSync(at, 0o755);
    }
    return {};
  });
  const pipeline = must(
    await loadPipeline({ file: join(root, 'pipeline.yaml'), shownFile: 'pipeline.yaml', root: project, cache: store.cache, set: [] }),
  );
  const environment = { PATH: '/bin', NOT_DECLARED: world.hidden.variable };
  const codeOf = (): ReturnType<NonNullable<Parameters<typeof makePlan>[0]['surroundings']['codeOf']>> =>
    done({ digest: code, packages: {}, packageFolders: {} });
  const surroundings = { root: project, store, engines: [], executors: only(executor), environment, codeOf };
  const forced = new Set(pipeline.instances.map(({ name }) => name));
  const plan = must(await makePlan({ pipeline, surroundings, forced, only: undefined }));
  const never = new AbortController().signal;
  count += 1;
  const { record, problems } = await runPlan(plan, {
    id: `20260101T000000-${String(count).padStart(6, '0')}`,
    shownFile: 'pipeline.yaml',
    set: [],
    capacity: executor.capacity,
    publish: false,
    keepGoing: false,
    watchers: [],
    stop: { asked: never, forced: never },
  });
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join('\n'));
  rmSync(root, { recursive: true });
  const of = (node: string): Seen => ({ observed: seen.get(node) ?? '', fingerprint: record.nodes[node]?.fingerprint ?? '' });
  return { command: of(world.hidden.node), stage: of('learn'), asked: askedOf(plan) };
}

describe('a fingerprint', () => {
  const base: World = {
    value: { a: 1, b: { x: [1], y: 2 } },
    words: ['a', 'b'],
    number: 1,
    source: 'x',
    suffix: '.txt',
    isExecutable: false,
    folder: { a: 'x', 'b/c': 'y' },
    made: 'x',
    madeSuffix: '.bin',
    isMadeExecutable: false,
    madeFolder: { a: 'x' },
    points: [{ a: 1, b: 2 }, 'b'],
    variable: 'a',
    output: 'o.txt',
    at: null,
    cpu: 1,
    run: 'work',
    hidden: {
      isReversed: false,
      node: 'work',
      source: 'here/source',
      about: '',
      timeout: '1h',
      retries: 0,
      memory: '1MiB',
      variable: '',
    },
  };

  /** What only the nodes before decide. */
  const madeOf = ({ made, isMadeExecutable, madeFolder }: World) => ({ made, isMadeExecutable, madeFolder });

  /** What sees no less than the fingerprint tells apart, and what of the two sees anything. */
  async function compare(first: World, second: World): Promise<string[]> {
    const [a, b] = [await run(first), await run(second)];
    if (a.command.observed !== b.command.observed) expect(a.command.fingerprint).not.toBe(b.command.fingerprint);
    // All that a stage is given is typed, so nothing is hashed that it does not see.
    expect(a.stage.fingerprint === b.stage.fingerprint).toBe(a.stage.observed === b.stage.observed);
    // What is made on the way is not known when a sweep asks whether a trial would still be the same.
    const isOnTheWay = !isDeepStrictEqual(madeOf(first), madeOf(second));
    const differs = a.command.fingerprint !== b.command.fingerprint || a.stage.fingerprint !== b.stage.fingerprint;
    if (differs && !isOnTheWay) expect(a.asked).not.toBe(b.asked);
    return (['command', 'stage'] as const).filter((kind) => a[kind].observed !== b[kind].observed);
  }

  test.each<[string, Partial<World>, string[]]>([
    ["a param's value", { number: 2 }, ['stage']],
    ["a param's type", { value: { a: '1', b: { x: [1], y: 2 } } }, ['command']],
    ["a param's keys in another order", { value: { b: { x: [1], y: 2 }, a: 1 } }, ['command']],
    ["a param's inner keys in another order", { value: { a: 1, b: { y: 2, x: [1] } } }, ['command']],
    ['a list in another order', { words: ['b', 'a'] }, ['command', 'stage']],
    ["a source's content", { source: 'y' }, ['command', 'stage']],
    ["a source's suffix", { suffix: '.md' }, ['command', 'stage']],
    ["a source's executable bit", { isExecutable: true }, ['command', 'stage']],
    ['an empty folder in a source', { folder: { a: 'x', 'b/c': 'y', e: true } }, ['command', 'stage']],
    ['the name of a file in a source', { folder: { a: 'x', 'b/d': 'y' } }, ['command', 'stage']],
    ['a bit in a source', { folder: { '!a': 'x', 'b/c': 'y' } }, ['command', 'stage']],
    ["an output's content", { made: 'y' }, ['command', 'stage']],
    ["an output's suffix", { madeSuffix: '.dat' }, ['command', 'stage']],
    ["an output's executable bit", { isMadeExecutable: true }, ['command', 'stage']],
    ['an empty folder in an output', { madeFolder: { a: 'x', e: true } }, ['command', 'stage']],
    ['a matrix point', { points: [{ a: 1, b: 3 }, 'b'] }, ['command', 'stage']],
    ["a matrix point's keys in another order", { points: [{ b: 2, a: 1 }, 'b'] }, ['command', 'stage']],
    ['the order of a matrix', { points: ['b', { a: 1, b: 2 }] }, ['stage']],
    ['a variable', { variable: 'b' }, ['command', 'stage']],
    ['where an output is written', { output: 'p/o.txt' }, ['command']],
    ["an output's kind", { output: 'o/' }, ['command']],
    ['where an input stands', { at: 'here' }, ['command']],
    ['threads', { cpu: 2 }, ['command', 'stage']],
    ['the command', { run: 'work again' }, ['command']],
    ['the list form', { run: ['work'] }, ['command']],
  ])('tells apart %s', async (_, change, seenBy) => {
    expect(await compare(base, { ...base, ...change })).toEqual(seenBy);
  });

  test('does not count a suffix where the place of an input is named', async () => {
    const placed = { ...base, at: 'here' };
    const [a, b] = [await run(placed), await run({ ...placed, suffix: '.md' })];
    expect(b.command).toEqual(a.command);
    expect(b.stage.fingerprint).not.toBe(a.stage.fingerprint);
  });

  test('differs where what a command or a stage can see does', async () => {
    await fc.assert(
      fc.asyncProperty(pairs, async ([first, second]) => {
        await compare(first, second);
      }),
      { numRuns: 12 },
    );
  });

  test('is the same where nothing differs that a work can see: names and their order, where sources lie, limits, other variables', async () => {
    await fc.assert(
      fc.asyncProperty(worlds, worlds, async (first, { hidden }) => {
        const [a, b] = [await run(first), await run({ ...first, hidden })];
        expect([b.command, b.stage]).toEqual([a.command, a.stage]);
      }),
      { numRuns: 6 },
    );
  });

  test('is of something: what is observed holds all that is given', async () => {
    const [world] = fc.sample(worlds, { numRuns: 1, seed: 1 }) as [World];
    const { command, stage } = await run({
      ...world,
      source: 'the source',
      made: 'what was made',
      variable: 'the variable',
      folder: { e: true },
    });
    for (const { observed: text, fingerprint } of [command, stage]) {
      for (const part of ['the source', 'what was made', 'the variable', '/folder/e/']) expect(text).toContain(part);
      expect(fingerprint).toHaveLength(sha256('').length);
    }
  });
});

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { RECORD_FORMAT, type RunRecord } from '../../src/model/run.ts';
import { recipe, recipeEnvironment } from '../engine/project.ts';
import { asAnotherUser, copyOf, edit, editSealed, emptyFolder, giveAway, called, write } from '../rig.ts';
import { asked, measuredProject } from './measured-project.ts';

const otherUser = asAnotherUser();

interface Delta {
  readonly node: string;
  readonly metric: string;
  readonly recorded: number;
  readonly reproduced: number;
}

interface Answer {
  readonly verdict: string;
  readonly artifacts: readonly {
    readonly node: string;
    readonly port: string;
    readonly verdict: string;
    readonly file: string | null;
    readonly largest: (Delta & { readonly tolerance: number }) | null;
    readonly inputs: readonly string[];
  }[];
  readonly metrics: readonly Delta[];
  readonly measured: readonly Delta[];
  readonly facts: readonly { readonly what: string; readonly recorded: string; readonly now: string }[];
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string };
}

let base: string;
let hash: string;

beforeAll(async () => {
  base = measuredProject();
  const run = await asked<{ hash: string }>(base, ['run', 'small']);
  expect(run.code).toBe(0);
  hash = run.answer.hash;
});

function verdicts({ artifacts }: Answer): Record<string, string> {
  return Object.fromEntries(artifacts.map(({ node, port, verdict }) => [`${node}.${port}`, verdict]));
}

describe('from the record alone', () => {
  test('when code, file, params and data have changed, elsewhere, with other --jobs, locale and time zone', async () => {
    const folder = join(emptyFolder(), 'elsewhere');
    renameSync(copyOf(base), folder);
    rmSync(join(folder, 'stages'), { recursive: true });
    rmSync(join(folder, 'artifacts/latest'), { recursive: true });
    rmSync(join(folder, 'artifacts/index'), { recursive: true });
    write(folder, { 'data/text.txt': 'something else', 'pipelines/small.yaml': 'no pipeline' });
    const env = { TZ: 'Asia/Tokyo', LANG: 'tr_TR.UTF-8', LC_ALL: 'C' };
    const { code, answer } = await asked<Answer>(folder, ['reproduce', hash.slice(0, 8), '--jobs', '1'], { env });
    expect(code).toBe(0);
    expect(answer.verdict).toBe('identical');
    expect(verdicts(answer)).toEqual({ 'train.model': 'identical', 'card.card': 'identical' });
    expect(answer.measured.map(({ node, metric }) => `${node}.${metric}`)).toEqual(['train.speed']);
    expect(readdirSync(join(folder, 'artifacts/scratch'))).toEqual([]);
    expect(readdirSync(join(folder, 'artifacts/runs'))).toHaveLength(1);
  });

  test('with matrices, commands, tools, variables and packages; a package that differs is named', async () => {
    const folder = recipe();
    const env = recipeEnvironment(folder);
    await called(folder, ['run', 'pipelines/recipe.yaml'], { env });
    const { GREETING: _greeting, ...bare } = env;
    for (const name of ['stages', 'packages', 'data']) rmSync(join(folder, name), { recursive: true });
    const first = await asked<Answer>(folder, ['reproduce', '@latest'], { env: bare });
    expect(first.answer.verdict).toBe('identical');
    expect(first.answer.artifacts).toHaveLength(9);
    expect(first.answer.facts).toEqual([]);
    edit(folder, 'node_modules/native-package/package.json', '1.0.0', '1.0.1');
    write(folder, { 'tools/chosen-tool': '#!/bin/sh\necho other\n' });
    const changed = await asked<Answer>(folder, ['reproduce', '@latest'], { env: bare });
    expect(changed.code).toBe(4);
    expect(Object.entries(verdicts(changed.answer)).filter(([, verdict]) => verdict !== 'identical')).toEqual([['card.card', 'different']]);
    expect(changed.answer.facts).toContainEqual({ what: 'package native-package', recorded: '1.0.0', now: '1.0.1' });
    expect(changed.answer.facts.map(({ what }) => what)).toContain('tool chosen-tool');
    rmSync(join(folder, 'node_modules/native-package'), { recursive: true });
    const missing = await asked<Answer>(folder, ['reproduce', '@latest'], { env: bare });
    expect(missing.code).toBe(4);
    expect(missing.answer.error).toMatchObject({ code: 'missing-package', message: expect.stringContaining('native-package 1.0.0') });
  });

  test.runIf(otherUser !== undefined)('when another user does it, under another umask', async () => {
    const folder = copyOf(base);
    rmSync(join(folder, 'artifacts/latest'), { recursive: true });
    giveAway(join(folder, '..'));
    const { code, answer } = await asked<Answer>(folder, ['reproduce', '@latest'], {
      env: { HOME: folder, XDG_CACHE_HOME: join(folder, '.cache') },
      wrapper: [...(otherUser ?? []), 'sh', '-c', 'umask 077; exec "$@"', 'sh'],
    });
    expect(code).toBe(0);
    expect(answer.verdict).toBe('identical');
  });

  test('--only does a node and what it needs', async () => {
    const { answer } = await asked<Answer>(base, ['reproduce', '@latest', '--only', 'train']);
    expect(verdicts(answer)).toEqual({ 'train.model': 'identical' });
    const wrong = await asked<Answer>(base, ['reproduce', '@latest', '--only', 'trian']);
    expect(wrong.code).toBe(2);
    expect(wrong.answer.error).toMatchObject({ code: 'unknown-node', hint: 'did you mean "train"?' });
  });
});

describe('the verdict', () => {
  test('within the declared tolerance, with the largest difference', async () => {
    const { code, answer } = await asked<Answer>(base, ['reproduce', hash, '--only', 'train'], { env: { NOISE: '0.01' } });
    expect(code).toBe(0);
    expect(answer.verdict).toBe('within-tolerance');
    expect(answer.artifacts[0]).toMatchObject({
      verdict: 'within-tolerance',
      largest: { metric: 'accuracy', recorded: 0.5, reproduced: 0.51, tolerance: 0.01 },
    });
  });

  test('different: the first file, the metrics, and what only follows from it', async () => {
    const { code, answer } = await asked<Answer>(base, ['reproduce', hash], { env: { NOISE: '0.25' } });
    expect(code).toBe(4);
    expect(answer.verdict).toBe('different');
    expect(answer.artifacts).toMatchObject([
      { node: 'train', verdict: 'different', file: 'weights.txt', inputs: [] },
      { node: 'card', verdict: 'different', inputs: ['train.model'] },
    ]);
    expect(answer.metrics).toEqual([{ node: 'train', metric: 'accuracy', recorded: 0.5, reproduced: 0.75, tolerance: 0.01 }]);
    const told = await called(base, ['reproduce', hash], { env: { NOISE: '0.25' } });
    expect(told.stdout).toContain('first in weights.txt');
    expect(told.stdout).toContain(`small ${hash.slice(0, 12)}: different`);
  });

  test('other machine facts are named', async () => {
    const folder = copyOf(base);
    const [file = ''] = readdirSync(join(folder, 'artifacts/runs'));
    const path = join(folder, 'artifacts/runs', file);
    editSealed<RunRecord>(path, (record) => {
      const { machine } = record.facts as { machine: object };
      return { ...record, facts: { ...record.facts, machine: { ...machine, cpu: 'Another Processor' } } };
    });
    const { answer } = await asked<Answer>(folder, ['reproduce', '@latest']);
    expect(answer.facts.filter(({ recorded }) => recorded === 'Another Processor').map(({ what }) => what)).toEqual(['machine cpu']);
  });

  test('a node that fails leaves its artifacts and those downstream of it missing', async () => {
    const folder = measuredProject();
    edit(folder, 'pipelines/small.yaml', 'with: { title: $title }', 'with: { title: $title }\n    env: { GATE: { secret: true } }');
    edit(folder, 'pipelines/small.yaml', '{ echo "$title"', 'test "$GATE" = open; { echo "$title"');
    expect((await asked(folder, ['run', 'small'], { env: { GATE: 'open' } })).code).toBe(0);
    const { code, answer } = await asked<Answer>(folder, ['reproduce', '@latest'], { env: { GATE: 'shut' } });
    expect(code).toBe(4);
    expect(verdicts(answer)).toEqual({ 'train.model': 'identical', 'card.card': 'missing' });
    expect(answer.error?.code).toBe('exit-code');
    const unset = await asked<Answer>(folder, ['reproduce', '@latest']);
    expect(unset.code).toBe(4);
    expect(unset.answer.error).toMatchObject({ code: 'missing-variable', message: expect.stringContaining('GATE') });
  });
});

describe('sources', () => {
  test('one that is not kept is found by its content, or what is missing is said', async () => {
    const folder = measuredProject();
    edit(folder, 'pipelines/small.yaml', 'text: ../data/text.txt', 'text: { path: ../data/text.txt, keep: false }');
    await asked(folder, ['run', 'small']);
    expect((await asked<Answer>(folder, ['reproduce', '@latest'])).answer.verdict).toBe('identical');
    mkdirSync(join(folder, 'moved'));
    renameSync(join(folder, 'data/text.txt'), join(folder, 'moved/renamed.txt'));
    const gone = await asked<Answer>(folder, ['reproduce', '@latest']);
    expect(gone.code).toBe(4);
    expect(gone.answer.error).toMatchObject({ code: 'missing-source', hint: 'say where it is now: --source text=PATH' });
    write(folder, { 'moved/other.txt': 'other' });
    const other = await asked<Answer>(folder, ['reproduce', '@latest', '--source', 'text=moved/other.txt']);
    expect(other.answer.error?.message).toContain('holds something else');
    const found = await asked<Answer>(folder, ['reproduce', '@latest', '--source', 'text=moved/renamed.txt']);
    expect(found.answer.verdict).toBe('identical');
    expect((await asked<Answer>(folder, ['reproduce', '@latest', '--source', 'txt=moved'])).answer.error?.code).toBe('unknown-source');
  });
});

describe('--restore', () => {
  test('brings outputs back without executing, to latest or a folder', async () => {
    const folder = copyOf(base);
    rmSync(join(folder, 'artifacts/latest'), { recursive: true });
    const back = await asked<{ outputs: Record<string, string> }>(folder, ['reproduce', hash, '--restore']);
    expect(back.code).toBe(0);
    expect(readFileSync(back.answer.outputs['card.card'] ?? '', 'utf8')).toContain('Result');
    expect(existsSync(join(folder, 'artifacts/latest/small/train/model/weights.txt'))).toBe(true);
    expect(readdirSync(join(folder, 'artifacts/logs'))).toHaveLength(1);
    const one = await asked<{ outputs: Record<string, string> }>(folder, ['reproduce', hash, '--restore', '--only', 'card', '--to', 'out']);
    expect(Object.keys(one.answer.outputs)).toEqual(['card.card']);
    expect((await asked<Answer>(folder, ['reproduce', hash, '--restore', '--to', 'out'])).answer.error?.code).toBe('folder-in-use');
    rmSync(join(folder, 'artifacts/segments'), { recursive: true });
    const lost = await asked<Answer>(folder, ['reproduce', hash, '--restore']);
    expect(lost.code).toBe(4);
    expect(lost.answer.error?.message).toContain('card.card is missing');
  });
});

describe('naming a run', () => {
  test('by what is unknown, ambiguous, or too new fails and says so', async () => {
    const folder = copyOf(base);
    const runs = join(folder, 'artifacts/runs');
    const [file = ''] = readdirSync(runs);
    const id = file.replace('.json', '');
    const copied = (to: string, format = RECORD_FORMAT): void =>
      editSealed<RunRecord>(join(runs, file), (record) => ({ ...record, id: to, format }), join(runs, `${to}.json`));
    copied(`${id.slice(0, -1)}x`);
    const ambiguous = await asked<Answer>(folder, ['reproduce', id.slice(0, -1)]);
    expect(ambiguous.code).toBe(2);
    expect(ambiguous.answer.error).toMatchObject({ code: 'ambiguous-run', hint: expect.stringContaining(id) });
    const unknown = await asked<Answer>(folder, ['reproduce', 'ffffffff']);
    expect(unknown.answer.error).toMatchObject({ code: 'unknown-run', hint: expect.stringContaining(id) });
    copied('29991231T000000-000000', 99);
    const newer = await asked<Answer>(folder, ['reproduce', '@latest']);
    expect(newer.answer.error).toMatchObject({ code: 'newer-record' });
    expect((await called(folder, ['runs'])).code).toBe(0);
  });

  test('a run that is not done is refused', async () => {
    const folder = measuredProject();
    edit(folder, 'pipelines/small.yaml', 'echo "$title"', 'false');
    await asked(folder, ['run', 'small']);
    expect((await asked<Answer>(folder, ['reproduce', '@latest'])).answer.error?.code).toBe('run-not-done');
  });
});

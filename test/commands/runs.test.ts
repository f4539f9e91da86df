import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { RunRecord } from '../../src/model/run.ts';
import { copyOf, called } from '../rig.ts';
import { asked, measuredProject } from './measured-project.ts';
import { manyRuns } from './many-runs.ts';

interface Listed {
  readonly runs: readonly {
    readonly run: string;
    readonly bytes: number;
    readonly params: Record<string, unknown>;
    readonly tags: readonly string[];
  }[];
  readonly error?: { readonly code: string; readonly hint: string; readonly column: number };
}

let base: string;
let ids: string[];

beforeAll(async () => {
  base = measuredProject();
  ids = [];
  for (const rate of ['0.1', '0.9', '0.5']) {
    const { answer } = await asked<{ run: string }>(base, ['run', 'small', '--set', `train.rate=${rate}`]);
    ids.push(answer.run);
  }
});

async function listed(folder: string, ...args: string[]): Promise<readonly string[]> {
  return (await asked<Listed>(folder, ['runs', ...args])).answer.runs.map(({ run }) => run);
}

describe('runs', () => {
  test('are listed newest first, also those of one second', async () => {
    expect(await listed(base)).toEqual(ids.toReversed());
    expect(await listed(base, '--limit', '1')).toEqual([ids[2]]);
  });

  test('tell what they made: what was reused counts for the run that made it', async () => {
    const folder = copyOf(base);
    const { answer } = await asked<{ run: string }>(folder, ['run', 'small', '--set', 'train.rate=0.1']);
    const told = await asked<Listed>(folder, ['runs', '--sort', 'bytes']);
    const [least, ...others] = told.answer.runs.map(({ run, bytes }) => ({ run, bytes }));
    expect(least).toEqual({ run: answer.run, bytes: 0 });
    expect(new Set(others.map(({ run }) => run))).toEqual(new Set(ids));
    for (const { bytes } of others) expect(bytes).toBeGreaterThan(0);
    const table = await called(folder, ['runs', '--columns', 'run,bytes', '--limit', '1']);
    expect(table.stdout).toContain(`${answer.run}  0 bytes`);
  });

  test('are filtered by params, metrics and columns', async () => {
    const [small = '', large = '', middle = ''] = ids;
    expect(await listed(base, '--where', 'train.rate<0.6 and accuracy>0.2')).toEqual([middle]);
    expect(await listed(base, '--where', 'accuracy<0.2 or (train.rate!=0.5 and not train.accuracy<0.6)')).toEqual([large, small]);
    expect(await listed(base, '--where', "title=Result and state='done' and train.rate>=0.9")).toEqual([large]);
    expect(await listed(base, '--where', 'state=failed')).toEqual([]);
  });

  test('are sorted, and shown with the columns asked for', async () => {
    const [small, large, middle] = ids;
    expect(await listed(base, '--sort', 'accuracy')).toEqual([small, middle, large]);
    expect(await listed(base, '--sort', '-accuracy', '--limit', '2')).toEqual([large, middle]);
    const table = await called(base, ['runs', '--columns', 'run,train.rate,accuracy', '--sort', 'accuracy', '--limit', '1']);
    expect(table.stdout.split('\n').map((line) => line.trim().split(/\s+/))).toEqual([
      ['run', 'train.rate', 'accuracy'],
      [small, '0.1', '0.1', 'train.rate=0.1'],
      [''],
    ]);
  });

  test.each([
    ['train.rate<', 'bad-filter', 12],
    ['train.rate 3', 'bad-filter', 12],
    ['(train.rate<3', 'bad-filter', 14],
    ['train.rate<3 accuracy>1', 'bad-filter', 14],
    ['train.rat<3', 'unknown-column', null],
  ])('the filter %s is refused with its place', async (filter, code, column) => {
    const { code: exit, answer } = await asked<Listed>(base, ['runs', '--where', filter]);
    expect(exit).toBe(2);
    expect(answer.error).toMatchObject({ code, column });
  });

  test('are found by the beginning of an id, @latest, @best and a tag', async () => {
    const folder = copyOf(base);
    const shown = async (word: string): Promise<string> => (await asked<{ record: RunRecord }>(folder, ['show', word])).answer.record.id;
    expect((await called(folder, ['tag'])).stdout).toBe('nothing has a name or a pin: stillroom tag @latest NAME gives one\n');
    expect(await shown('@latest')).toBe(ids[2]);
    expect(await shown('@best:accuracy')).toBe(ids[1]);
    expect(await shown('@best:train.loss')).toBe(ids[0]);
    await asked(folder, ['tag', ids[0] ?? '', 'paper-table-2']);
    expect(await shown('paper-table-2')).toBe(ids[0]);
    expect((await asked<Listed>(folder, ['runs'])).answer.runs[2]?.tags).toEqual(['paper-table-2']);
    expect((await asked<{ tags: unknown }>(folder, ['tag'])).answer.tags).toEqual([{ name: 'paper-table-2', run: ids[0] }]);
    await asked(folder, ['tag', '--delete', 'paper-table-2']);
    expect((await asked<{ error: { code: string } }>(folder, ['show', 'paper-table-2'])).answer.error.code).toBe('unknown-run');
    for (const name of ['../outside', 'abcdef', '-x', ''])
      expect((await asked<{ error?: object }>(folder, ['tag', '@latest', '--', name])).answer.error, name).toBeDefined();
    expect((await asked<{ error: { code: string } }>(folder, ['show', '@best:accurcy'])).answer.error.code).toBe('unknown-metric');
  });
});

describe('show', () => {
  test('tells what was asked, what came out, what it cost and where it comes from', async () => {
    const { stdout } = await called(base, ['show', ids[1] ?? '']);
    for (const line of [/ set +train\.rate=0\.9\n/, / train\.accuracy +0\.9\n/, / cost +.* of work executed/, / text +data\/text\.txt /])
      expect(stdout).toMatch(line);
    const card = await called(base, ['show', ids[1] ?? '', 'card']);
    expect(card.stdout).toMatch(/inputs\n {2}model +← train\.model +[0-9a-f]{12}\n/);
    expect(card.stdout).toMatch(/comes from\n {2}model ← train\.model [0-9a-f]{12} \(train\)\n {4}text ← source text [0-9a-f]{12}\n$/);
    expect((await called(base, ['show', ids[1] ?? '', 'train'])).stdout).toMatch(/params\n {2}rate +=? ?= 0\.9\n/);
  });
});

test('runs are listed without the index, and a filter reads all of them', async () => {
  const folder = manyRuns(base, 300);
  expect(await listed(folder, '--where', 'train.rate<3 and accuracy<1')).toHaveLength(3);
  rmSync(join(folder, 'artifacts/index'), { recursive: true });
  expect(await listed(folder, '--where', 'train.rate<3 and accuracy<1')).toHaveLength(3);
  expect(await listed(folder, '--limit', '2')).toHaveLength(2);
});

import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { RunRecord } from '../../src/model/run.ts';
import { copyOf, edit } from '../rig.ts';
import { lose, rot, storedBytes } from '../stored.ts';
import { damage } from '../stores/stores.ts';
import { asked, measuredProject } from './measured-project.ts';

interface Answer {
  readonly verdict?: string;
  readonly executed?: readonly string[];
  readonly error?: { readonly code: string };
}

let base: string;

beforeAll(async () => {
  base = measuredProject();
  await asked(base, ['run', 'small']);
});

/** What a project's store holds of its run: the digests of its code, its source map and its source, and the files of the notes of them. */
function holdings(folder: string): Readonly<Record<(typeof KINDS)[number], string>> {
  const artifacts = join(folder, 'artifacts');
  const [record = ''] = readdirSync(join(artifacts, 'runs'));
  const { nodes, sources } = JSON.parse(readFileSync(join(artifacts, 'runs', record), 'utf8')) as RunRecord;
  const code = nodes['train']?.code ?? '';
  const source = sources['text']?.digest ?? '';
  const bundle = join(artifacts, 'bundles', `${code}.json`);
  const note = join(artifacts, 'sources', `${source}.json`);
  const { map } = JSON.parse(readFileSync(bundle, 'utf8')) as { map: string };
  const { manifest } = JSON.parse(readFileSync(note, 'utf8')) as { manifest: string };
  return { code, map, pack: source, manifest, bundle, note };
}

const KINDS = ['code', 'map', 'bundle', 'pack', 'manifest', 'note'] as const;

/** The bytes of one of them. */
function bytesOf(folder: string, kind: (typeof KINDS)[number]): Buffer | undefined {
  const at = holdings(folder)[kind];
  return at.endsWith('.json') ? readFileSync(at) : storedBytes(join(folder, 'artifacts'), at);
}

function take(folder: string, kind: (typeof KINDS)[number]): void {
  const at = holdings(folder)[kind];
  if (at.endsWith('.json')) rmSync(at);
  else lose(join(folder, 'artifacts'), at);
}

test.each(KINDS)('what is lost of a run’s %s is made again by the next run, although it executes nothing', async (kind) => {
  const folder = copyOf(base);
  const before = bytesOf(folder, kind);
  const at = holdings(folder)[kind];
  take(folder, kind);
  const { code, answer } = await asked<Answer>(folder, ['run', 'small']);
  expect([code, answer.executed]).toEqual([0, []]);
  expect((at.endsWith('.json') ? readFileSync(at) : storedBytes(join(folder, 'artifacts'), at))?.equals(before ?? Buffer.of(1))).toBe(true);
});

test.each(KINDS)('what is damaged of a run’s %s stands in the way of neither pack nor reproduce', async (kind) => {
  const folder = copyOf(base);
  const at = holdings(folder)[kind];
  if (at.endsWith('.json')) damage(at);
  else rot(join(folder, 'artifacts'), at);
  expect((await asked(folder, ['pack', '@latest', '--output', 'run.still'])).code).toBe(0);
  expect((await asked<Answer>(folder, ['reproduce', '@latest'])).answer.verdict).toBe('identical');
});

test('a source map that cannot be made again stands in the way of nothing', async () => {
  const folder = copyOf(base);
  take(folder, 'map');
  edit(folder, 'stages/train/run.ts', 'a model', 'another model');
  expect((await asked(folder, ['pack', '@latest', '--output', 'run.still'])).code).toBe(0);
  expect((await asked<Answer>(folder, ['reproduce', '@latest'])).answer.verdict).toBe('identical');
  expect((await asked<Answer>(folder, ['reproduce', '--from', 'run.still'])).answer.verdict).toBe('identical');
});

test('code that is lost and is no longer in the project is told of, with what to do', async () => {
  const folder = copyOf(base);
  const { code } = holdings(folder);
  lose(join(folder, 'artifacts'), code);
  edit(folder, 'stages/train/run.ts', 'a model', 'another model');
  const { answer, code: exit } = await asked<{ problems?: unknown; error?: { code: string; hint: string } }>(folder, [
    'pack',
    '@latest',
    '--output',
    'x.still',
  ]);
  expect([exit, answer.error?.code]).toEqual([5, 'missing-content']);
  expect(answer.error?.hint).toContain('bring its files back');
  expect(storedBytes(join(folder, 'artifacts'), code)).toBeUndefined();
});

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadProjectFile, type ProjectFile } from '../../src/load/project/project-file.ts';
import type { Outcome } from '../../src/model/problem.ts';
import { emptyFolder, write } from '../rig.ts';
import { load as loadPipeline } from './project.ts';

function load(text?: string): Promise<Outcome<ProjectFile>> {
  const folder = emptyFolder();
  if (text !== undefined) write(folder, { 'stillroom.yaml': text });
  return loadProjectFile({
    file: join(folder, 'stillroom.yaml'),
    shownFile: 'stillroom.yaml',
    kinds: () => ['process', 'detached'],
    settingsOf: async () => ({ cpu: { type: 'integer', minimum: 1 } }),
  });
}

describe('a project file', () => {
  test('declares executors, each with its kind and settings', async () => {
    expect(await load('executors: { slow: { kind: detached, cpu: 2 }, quick: { kind: process } }')).toEqual({
      ok: true,
      value: { executors: { slow: { kind: 'detached', settings: { cpu: 2 } }, quick: { kind: 'process', settings: {} } } },
    });
  });

  test('may be empty or missing', async () => {
    expect(await load()).toEqual({ ok: true, value: { executors: {} } });
    expect(await load('# nothing yet\n')).toEqual({ ok: true, value: { executors: {} } });
  });

  test('is a file, not a folder', async () => {
    const folder = emptyFolder();
    write(folder, { 'stillroom.yaml/within.txt': '' });
    const file = join(folder, 'stillroom.yaml');
    const loaded = await loadProjectFile({ file, shownFile: 'stillroom.yaml', kinds: () => [], settingsOf: async () => ({}) });
    expect(loaded.ok ? [] : loaded.problems).toMatchObject([{ code: 'no-such-file', message: 'stillroom.yaml is not a file' }]);
  });

  test.each([
    ['executor: {}', 'unknown-key', 'unknown key "executor"', 'executors', 1, 1],
    ['executors:\n  slow: { kind: detatched }', 'unknown-executor', 'named "detatched"', 'detached', 2, 17],
    ['executors:\n  slow: { kind: detached, cpus: 2 }', 'unknown-key', 'unknown key "cpus"', 'cpu', 2, 27],
    ['executors:\n  slow: { kind: detached, cpu: two }', 'wrong-type', 'must be a whole number', '3', 2, 32],
    ['executors:\n  slow: { cpu: 2 }', 'missing-key', '"kind" is missing', 'add kind to "slow"', 2, 3],
    ['executors:\n  Slow: { kind: detached }', 'bad-name', '"Slow" is not a name', 'lower-case', 2, 3],
    ['executors: [slow]', 'wrong-type', 'must be a mapping', 'executors: { big:', 1, 12],
    ['executors: {', 'yaml-syntax', 'not valid YAML', 'close it', 1, 12],
  ])('%j is told with its place: %s', async (text, code, message, hint, line, column) => {
    const loaded = await load(text);
    expect(loaded.ok ? [] : loaded.problems).toMatchObject([
      {
        kind: 'pipeline',
        code,
        message: expect.stringContaining(message),
        hint: expect.stringContaining(hint),
        place: { file: 'stillroom.yaml', line, column },
      },
    ]);
  });
});

test('a node may name one of the executors that there are, and no other', async () => {
  const text = (executor: string): string =>
    `name: demo\nstages:\n  one: { run: 'true', out: { out: out.txt }, executor: ${executor} }\n  two: { run: 'true', out: { out: out.txt } }\n`;
  const good = await loadPipeline(emptyFolder(), text('slow'), [], { executors: ['local', 'slow'] });
  expect(good.ok ? good.value.instances.map(({ executor }) => executor) : []).toEqual(['slow', undefined]);
  const bad = await loadPipeline(emptyFolder(), text('slwo'), [], { executors: ['local', 'slow'] });
  expect(bad.ok ? [] : bad.problems).toMatchObject([
    {
      code: 'unknown-executor',
      hint: 'did you mean "slow"? (executors are declared in stillroom.yaml)',
      place: { file: 'pipeline.yaml', line: 3 },
    },
  ]);
});

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type DeclaredRemote, loadRemotes } from '../../src/load/project/remotes.ts';
import type { Outcome } from '../../src/model/problem.ts';
import { remoteKinds, remoteSettingsOf } from '../../src/stores/remotes/kinds.ts';
import { emptyFolder, write } from '../rig.ts';

function load(text?: string): Promise<Outcome<Readonly<Record<string, DeclaredRemote>>>> {
  const folder = emptyFolder();
  if (text !== undefined) write(folder, { 'stillroom.yaml': text });
  return loadRemotes({
    file: join(folder, 'stillroom.yaml'),
    shownFile: 'stillroom.yaml',
    kinds: remoteKinds(),
    settingsOf: remoteSettingsOf,
  });
}

describe('the remotes of a project file', () => {
  test('are declared with their kind and settings; prefixes end in a slash, and who writes trusts what it writes', async () => {
    expect(
      await load(
        'remotes:\n  team: { kind: s3, bucket: results, write: ci }\n  drive: { kind: folder, path: /mnt/x, trust: [ci/, me], write: me/ }',
      ),
    ).toEqual({
      ok: true,
      value: {
        team: { kind: 's3', trust: ['ci/'], write: 'ci/', settings: { bucket: 'results' } },
        drive: { kind: 'folder', trust: ['ci/', 'me/'], write: 'me/', settings: { path: '/mnt/x' } },
      },
    });
    expect([await load(), await load('executors: {}')]).toEqual([
      { ok: true, value: {} },
      { ok: true, value: {} },
    ]);
  });

  test.each([
    ['remotes:\n  team: { kind: s4, trust: [ci/] }', 'unknown-remote', 'no kind of remote is named "s4"', 's3', 2, 17],
    ['remotes:\n  team: { kind: s3, trust: [ci/] }', 'missing-key', '"bucket" is missing', 'bucket', 2, 3],
    ['remotes:\n  team: { kind: s3, bucket: results }', 'bad-remote', 'believes no results and takes none', 'trust: [ci/]', 2, 3],
    ['remotes:\n  team: { kind: http, url: "https://x.org", write: ci/ }', 'bad-remote', 'is only read', 'trust', 2, 45],
    ['remotes:\n  team: { kind: folder, path: x, trust: [../x] }', 'wrong-type', 'a prefix of letters', 'for example ci/', 2, 42],
    [
      'remotes:\n  team: { kind: http, url: "https://me:secret@x.org", trust: [ci/] }',
      'wrong-type',
      'without name and password',
      'https://example.org/results',
      2,
      28,
    ],
    ['remotes:\n  team: { kind: s3, bucket: results, trust: [ci/], accessKeyId: AKIA }', 'unknown-key', 'accessKeyId', '', 2, 52],
  ])('%j is told with its place', async (text, code, message, hint, line, column) => {
    const loaded = await load(text);
    expect(loaded.ok ? [] : loaded.problems).toMatchObject([
      {
        code,
        message: expect.stringContaining(message),
        hint: expect.stringContaining(hint),
        place: { file: 'stillroom.yaml', line, column },
      },
    ]);
  });
});

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { checkedOut, softwareOf } from '../../src/project/software.ts';
import { emptyFolder, write } from '../rig.ts';

const git = (folder: string, ...args: string[]): string =>
  execFileSync('git', ['-C', folder, '-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { encoding: 'utf8' }).trim();

describe('the commit that is checked out', () => {
  let folder: string;
  let commit: string;

  beforeAll(() => {
    folder = emptyFolder();
    git(folder, 'init', '-q', '-b', 'main');
    git(folder, 'commit', '-q', '--allow-empty', '-m', 'one');
    commit = git(folder, 'rev-parse', 'HEAD');
  });

  test('is told with its branch, from a folder deep below too', () => {
    expect(checkedOut(folder)).toEqual({ commit, branch: 'main' });
    write(folder, { 'deep/below/file': '' });
    expect(checkedOut(join(folder, 'deep/below'))).toEqual({ commit, branch: 'main' });
  });

  test('is found among packed references, and in a work tree that was added', () => {
    git(folder, 'branch', 'fix/one');
    git(folder, 'pack-refs', '--all');
    expect(checkedOut(folder)).toEqual({ commit, branch: 'main' });
    const added = join(emptyFolder(), 'added');
    git(folder, 'worktree', 'add', '-q', added, 'fix/one');
    expect(checkedOut(added)).toEqual({ commit, branch: 'fix/one' });
    git(added, 'checkout', '-q', '--detach');
    expect(checkedOut(added)).toEqual({ commit });
  });

  test.each([
    ['no repository', {}],
    ['one without a commit', { '.git/HEAD': 'ref: refs/heads/main\n' }],
    ['a reference that leaves its folder', { '.git/HEAD': 'ref: refs/heads/../../secret\n', '.git/secret': `${'a'.repeat(40)}\n` }],
    ['what is no digest', { '.git/HEAD': 'ref: refs/heads/main\n', '.git/refs/heads/main': 'not one\n' }],
    ['a head that is no text of git', { '.git/HEAD': '\u0000\u0001' }],
  ])('%s: nothing is told', (_, files) => {
    const other = emptyFolder();
    // Whatever lies above: the nearest repository counts.
    write(other, Object.keys(files).length === 0 ? { '.git/HEAD': '' } : files);
    expect(checkedOut(other)).toEqual({});
  });

  test('stands beside the versions that execute a run', () => {
    expect(softwareOf(folder)).toEqual({
      stillroom: expect.stringMatching(/^\d+\.\d+/),
      node: process.versions.node,
      commit,
      branch: 'main',
    });
  });
});

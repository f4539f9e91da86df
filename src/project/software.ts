import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { installation } from '../model/installation.ts';
import type { RunSoftware } from '../model/run.ts';

/** The text of a small file; undefined where it cannot be read. */
function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** The folder in which git keeps the head of the work tree that a folder lies in, whether it is the first one or was added (`git worktree`). */
function gitFolder(from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const path = join(folder, '.git');
    if (textOf(join(path, 'HEAD')) !== undefined) return path;
    const elsewhere = /^gitdir: (.+)$/.exec(textOf(path) ?? '')?.[1];
    if (elsewhere !== undefined) return resolve(folder, elsewhere);
    if (folder === dirname(folder)) return undefined;
  }
}

const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** The commit that a reference names: a file of its own, else a line among those that git has packed. */
function commitOf(git: string, reference: string): string | undefined {
  const shared = resolve(git, textOf(join(git, 'commondir')) ?? '.');
  const own = textOf(join(git, reference)) ?? textOf(join(shared, reference));
  const packed = (): string | undefined =>
    textOf(join(shared, 'packed-refs'))
      ?.split('\n')
      .find((line) => line.endsWith(` ${reference}`))
      ?.split(' ', 1)[0];
  const commit = own ?? packed();
  return commit !== undefined && COMMIT.test(commit) ? commit : undefined;
}

/**
 * The commit that is checked out where a project lies, and its branch. A few small files are read and no program is started: whether the work
 * tree holds just that commit would take a look at all of its files, and what a run read is recorded by its content anyhow.
 */
export function checkedOut(root: string): Pick<RunSoftware, 'commit' | 'branch'> {
  const git = gitFolder(root);
  const head = git === undefined ? undefined : textOf(join(git, 'HEAD'));
  if (git === undefined || head === undefined) return {};
  const reference = /^ref: (refs\/[^\s\\\p{Cc}]+)$/u.exec(head)?.[1];
  if (reference === undefined) return COMMIT.test(head) ? { commit: head } : {};
  const commit = reference.split('/').includes('..') ? undefined : commitOf(git, reference);
  if (commit === undefined) return {};
  return reference.startsWith('refs/heads/') ? { commit, branch: reference.slice('refs/heads/'.length) } : { commit };
}

/** What executes a run now, in the project of a folder. */
export function softwareOf(root: string): RunSoftware {
  const { version } = JSON.parse(readFileSync(join(installation, 'package.json'), 'utf8')) as { readonly version: string };
  return { stillroom: version, node: process.versions.node, ...checkedOut(root) };
}

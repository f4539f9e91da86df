import { execFileSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync, realpathSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, join, resolve } from 'node:path';
import { hashFile } from '../files/hash.ts';
import { removeTree } from '../files/remove.ts';
import { programsIn } from '../files/programs.ts';
import { sha256 } from '../model/canonical.ts';
import type { Tool } from '../model/pipeline.ts';
import { done, failed, type Outcome } from '../model/problem.ts';
import { nearest } from '../text/suggestion.ts';

/** Where programs are looked for. */
export interface ToolPlaces {
  /** As the child will have it. */
  readonly path: string;
  /** The project's folder: a tool that is written as a path lies below it, and commands that tell a version are run in it. */
  readonly root: string;
  /** Names of programs that count in another way. */
  readonly covered?: RegExp;
}

/** Finds a program in PATH, as the child will; one that is written as a path where it lies. */
export function findProgram(name: string, { path, root }: ToolPlaces): string | undefined {
  const files = name.includes('/') ? [resolve(root, name)] : path.split(delimiter).map((folder) => join(folder, name));
  for (const file of files) {
    try {
      accessSync(file, constants.X_OK);
      if (statSync(file).isFile()) return realpathSync(shimmed(file, { path, root }) ?? file);
    } catch {
      // Not there: look further.
    }
  }
  return undefined;
}

/** The program that a shim of pyenv, rbenv, nodenv or asdf starts: the shim itself never changes. */
function shimmed(file: string, { path, root }: ToolPlaces): string | undefined {
  const [, manager] = /(pyenv|rbenv|nodenv|asdf)[^/]*\/shims\/[^/]+$/.exec(file) ?? [];
  if (manager === undefined) return undefined;
  const { env } = process;
  const found = execFileSync(manager, ['which', basename(file)], {
    cwd: root,
    env: { ...env, PATH: path },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return found.toString('utf8').trim();
}

/**
 * What each tool contributes to a fingerprint: the digest of the program's file, or of what a command prints. `known` are those that were
 * looked at before, for this plan: a later one looks anew, since a tool may have been changed in between.
 */
export function toolDigests(tools: readonly Tool[], places: ToolPlaces, known: Map<string, string>): Outcome<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [index, tool] of tools.entries()) {
    const name = 'program' in tool ? tool.program : tool.run;
    if ('program' in tool && places.covered?.test(tool.program) === true) continue;
    const key = `${places.path}\n${name}\n${'program' in tool}`;
    let digest = known.get(key);
    if (digest === undefined) {
      const read = 'program' in tool ? programDigest(tool.program, places) : outputDigest(tool.run, places);
      if (!read.ok) return failed(...read.problems.map((problem) => ({ ...problem, pointer: `/${index}` })));
      digest = read.value;
      known.set(key, digest);
    }
    found[name] = digest;
  }
  return done(found);
}

function programDigest(name: string, places: ToolPlaces): Outcome<string> {
  const file = findProgram(name, places);
  if (file === undefined) {
    const near = name.includes('/') ? undefined : nearest(name, programsIn(places.path), 1);
    return failed({
      kind: 'pipeline',
      code: 'missing-tool',
      message: `the program "${name}" is not in PATH`,
      hint: `${near === undefined ? '' : `did you mean "${near}"? if not, `}install it, or remove it from "tools"`,
    });
  }
  return done(hashFile(file));
}

function outputDigest(run: string, { path, root }: ToolPlaces): Outcome<string> {
  const home = mkdtempSync(join(tmpdir(), 'stillroom-tool-'));
  try {
    return done(
      sha256(
        execFileSync('bash', ['-euo', 'pipefail', '-c', run], {
          cwd: root,
          env: { PATH: path, LANG: 'C.UTF-8', TZ: 'UTC', HOME: home, TMPDIR: home },
          stdio: ['ignore', 'pipe', 'pipe'],
          maxBuffer: 64 * 1024 * 1024,
        }),
      ),
    );
  } catch (error) {
    const why =
      String((error as { stderr?: Buffer }).stderr ?? error)
        .trim()
        .split('\n')
        .at(-1) ?? '';
    return failed({
      kind: 'pipeline',
      code: 'missing-tool',
      message: `the tool command "${run}" failed: ${why}`,
      hint: 'try it in a shell: it must print what counts and end well; or remove it from "tools"',
    });
  } finally {
    removeTree(home);
  }
}

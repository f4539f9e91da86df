import { execFileSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync, realpathSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { hashFile } from '../files/hash.ts';
import { removeTree } from '../files/remove.ts';
import { sha256 } from '../model/canonical.ts';
import type { Tool } from '../model/pipeline.ts';
import { done, failed, type Outcome } from '../model/problem.ts';

/** Finds a program in PATH, as the child will. */
function findProgram(name: string, path: string): string | undefined {
  for (const folder of path.split(delimiter)) {
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      if (statSync(file).isFile()) return realpathSync(file);
    } catch {
      // Not there: look further.
    }
  }
  return undefined;
}

/**
 * What each tool contributes to a fingerprint: the digest of the program's file, or of what a command prints. `known` are those that were
 * looked at before, for this plan: a later one looks anew, since a tool may have been changed in between.
 */
export function toolDigests(tools: readonly Tool[], path: string, known: Map<string, string>): Outcome<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const tool of tools) {
    const name = 'program' in tool ? tool.program : tool.run;
    const key = `${path}\n${name}\n${'program' in tool}`;
    let digest = known.get(key);
    if (digest === undefined) {
      const read = 'program' in tool ? programDigest(tool.program, path) : outputDigest(tool.run, path);
      if (!read.ok) return read;
      digest = read.value;
      known.set(key, digest);
    }
    found[name] = digest;
  }
  return done(found);
}

function programDigest(name: string, path: string): Outcome<string> {
  const file = findProgram(name, path);
  if (file === undefined)
    return failed({
      kind: 'pipeline',
      code: 'missing-tool',
      message: `the program "${name}" is not in PATH`,
      hint: 'install it, or remove it from "tools"',
    });
  return done(hashFile(file));
}

function outputDigest(run: string, path: string): Outcome<string> {
  const home = mkdtempSync(join(tmpdir(), 'stillroom-tool-'));
  try {
    return done(
      sha256(
        execFileSync('bash', ['-euo', 'pipefail', '-c', run], {
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
      hint: 'try it in a shell, or remove it from "tools"',
    });
  } finally {
    removeTree(home);
  }
}

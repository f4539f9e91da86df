import { existsSync, lstatSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeWhole } from '../files/durable.ts';
import { withPath } from '../files/with-path.ts';
import { done, failed, type Outcome, type Problem } from '../model/problem.ts';
import { systemErrorIn, systemMessage, systemProblem } from '../model/system-failure.ts';
import { shellWord } from '../text/shell-word.ts';

/** Why a file that a user asked for could not be written; undefined where it is no failure of the system, but a bug. */
export function outputProblem(error: unknown, path: string): Problem | undefined {
  const refused = systemErrorIn(error);
  if (refused === undefined) return undefined;
  const { kind = 'usage' } = systemProblem(error, {}) ?? {};
  const folder = dirname(path);
  if (refused.code === 'ENOENT' && !existsSync(folder)) {
    const hint = `make it: mkdir -p ${shellWord(folder)}; or name another file`;
    return { kind, code: 'system-failure', message: `cannot write ${path}: there is no folder ${folder} (ENOENT)`, hint };
  }
  const { code, message } = refused;
  const said = systemMessage({ code, message, syscall: 'write', path }, path, 'or name another file');
  const hint = said.hint.includes('another file') ? said.hint : `${said.hint}, or name another file`;
  return { kind, code: 'system-failure', message: said.message, hint };
}

/** Writes a file that a user asked for, seen whole or not at all; what else stands there, such as a pipe, is written to. Returns why it could not. */
export function writeOutput(path: string, text: string): Problem | undefined {
  try {
    const isPlain = existsSync(path) ? lstatSync(realpathSync(path)).isFile() : existsSync(dirname(path));
    withPath(path, () => (isPlain ? writeWhole(existsSync(path) ? realpathSync(path) : path, text) : writeFileSync(path, text)));
    return undefined;
  } catch (error) {
    const problem = outputProblem(error, path);
    if (problem === undefined) throw error;
    return problem;
  }
}

/** Writes several files that a user asked for, below a folder. */
export async function writeOutputs<Value>(folder: string, work: () => Promise<Value>): Promise<Outcome<Value>> {
  try {
    return done(await work());
  } catch (error) {
    const problem = outputProblem(error, systemErrorIn(error)?.path ?? folder);
    if (problem === undefined) throw error;
    return failed(problem);
  }
}

import type { Problem } from '../model/problem.ts';
import { print, refusal } from './answer.ts';
import type { Invocation, Verb } from './verb.ts';

/** What a verb is given beside its arguments and options. */
function invocationOf({ json, store }: { readonly json?: boolean; readonly store?: string }): Invocation {
  const folder = process.cwd();
  return {
    folder,
    environment: process.env,
    json: json === true,
    stdout: process.stdout,
    stderr: process.stderr,
    open: async (options) => (await import('../project/project.ts')).openProject({ folder, store, ...options }),
  };
}

/** Reads what the command line gave: the arguments, then an object of the options. Then runs the verb and prints its answer; returns the exit code. */
export async function invoke({ arguments: names, options, run }: Verb, values: readonly unknown[]): Promise<number> {
  const given = values[names.length] as Readonly<Record<string, unknown>> & { readonly json?: boolean; readonly store?: string };
  const invocation = invocationOf(given);
  const read: Record<string, unknown> = {};
  for (const [index, name] of names.entries()) read[name.replaceAll(/[^\w-]/g, '')] = values[index];
  const problems: Problem[] = [];
  for (const [name, option] of Object.entries(options)) {
    const value = option.read(given[name]);
    if (value.ok) read[name] = value.value;
    else problems.push(...value.problems);
  }
  const answer = problems.length > 0 ? refusal(problems) : await run(read, invocation);
  print(answer, invocation);
  return answer.exit;
}

import type { Problem } from '../model/problem.ts';
import { systemProblem } from '../model/system-failure.ts';
import type { Project } from '../project/project.ts';
import { type Answer, print, refusal } from './answer.ts';
import type { Invocation, Caller, Verb } from './verb.ts';
import { printableLine } from '../text/printable.ts';

/** The options that every verb has. */
interface SharedOptions {
  readonly json?: boolean;
  readonly store?: string;
}

/** What a verb is given beside its arguments and options, and what closes the projects that it opened. */
function invocationOf(caller: Caller & Pick<Invocation, 'words'>, { json = false, store }: SharedOptions): Invocation & { close(): void } {
  const opened: Project[] = [];
  const { folder, environment } = caller;
  return {
    ...caller,
    json,
    store,
    async open(options) {
      const { openProject } = await import('../project/project.ts');
      const project = openProject({ folder, environment, store, ...options });
      opened.push(project);
      await project.enter({ onWait: (message) => caller.stderr.write(`… ${printableLine(message)}\n`) });
      return project;
    },
    close() {
      for (const project of opened) project.close();
    },
  };
}

/** What the command line gave for an option. The parser of the command line takes `--no-x` as an `x` that is false. */
function givenFor(name: string, given: Readonly<Record<string, unknown>>): unknown {
  const [, first, rest] = /^no([A-Z])(.*)$/.exec(name) ?? [];
  return first === undefined ? given[name] : given[first.toLowerCase() + rest] === false;
}

/** Reads what the command line gave, the arguments and then an object of the options, runs the verb and prints its answer; returns the exit code. */
export async function invoke(verb: Verb, values: readonly unknown[], caller: Caller & Pick<Invocation, 'words'>): Promise<number> {
  const { arguments: names, options } = verb;
  const given = values[names.length] as Readonly<Record<string, unknown>> & SharedOptions;
  const read: Record<string, unknown> = {};
  for (const [index, name] of names.entries()) read[name.replaceAll(/[^\w-]/g, '')] = values[index];
  const problems: Problem[] = [];
  for (const [name, option] of Object.entries(options)) {
    const value = option.read(givenFor(name, given));
    if (value.ok) read[name] = value.value;
    else problems.push(...value.problems);
  }
  const invocation = invocationOf(caller, given);
  try {
    const answer = problems.length > 0 ? refusal(problems) : await refusable(() => verb.run(read, invocation));
    // Whoever started it to go on by itself is told how it ended before that.
    if (caller.starter?.answer(answer) !== true) print(answer, invocation);
    return answer.exit;
  } finally {
    invocation.close();
  }
}

/** What a verb says; where the system refuses it a file of its own, that. */
async function refusable(run: () => Promise<Answer>): Promise<Answer> {
  try {
    return await run();
  } catch (error) {
    const problem = systemProblem(error, {});
    if (problem === undefined) throw error;
    return refusal([problem]);
  }
}

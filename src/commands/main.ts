import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { installation } from '../model/installation.ts';
import type { Problem } from '../model/problem.ts';
import { EXIT, jsonLine, print, refusal } from './answer.ts';
import { invoke } from './invoke.ts';
import { DESCRIPTION } from './reference.ts';
import { type Caller, SHARED_OPTIONS, type Verb } from './verb.ts';
import { groups, verbs } from './verbs.ts';
import { printable } from '../text/printable.ts';
import { TEXT_WIDTH, wrap } from '../text/wrap.ts';

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

function addVerb(program: Command, verb: Verb, run: (values: readonly unknown[]) => Promise<void>): void {
  const command = program
    .command([verb.name, ...verb.arguments].join(' '))
    .description(verb.about)
    .addHelpText('before', () => examplesText([verb.example, ...(verb.examples ?? [])]))
    .addHelpText('after', () => detailText(verb));
  for (const { flag, about } of SHARED_OPTIONS) command.option(flag, about);
  for (const { flag, about, repeatable } of Object.values(verb.options)) {
    if (repeatable) command.option(flag, about, collect);
    else command.option(flag, about);
  }
  command.action((...values: unknown[]) => run(values));
}

/** What a help begins with. */
function examplesText(examples: readonly string[]): string {
  return `Example${examples.length === 1 ? '' : 's'}:\n${examples.map((one) => `  ${one}\n`).join('')}`;
}

function detailText({ detail }: Verb): string {
  return detail === undefined ? '' : `\n${wrap(detail.replaceAll('`', ''), TEXT_WIDTH).join('\n')}`;
}

/** The program without its verbs, which have its settings too. */
function newProgram({ stdout }: Caller, tell: (text: string) => void): Command {
  const { version } = JSON.parse(readFileSync(join(installation, 'package.json'), 'utf8')) as { version: string };
  return new Command('stillroom')
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: tell,
      getOutHelpWidth: () => Math.min(stdout.columns || TEXT_WIDTH, TEXT_WIDTH),
    })
    .description(DESCRIPTION)
    .version(version)
    .addHelpText('before', examplesText(['stillroom init my-experiment', 'stillroom run', 'stillroom run quickstart --set size=28']))
    .configureHelp({ subcommandTerm: (command) => [command.name(), command.usage().replace(/^\[options\] ?/, '')].join(' ').trimEnd() })
    .addHelpCommand(
      new Command('help')
        .argument('[command]')
        .description('show how a command is used')
        .helpGroup(`${groups.at(-1)?.title}:`),
    )
    .exitOverride();
}

/** What cannot be read is no verb, or has no such option or argument. */
function misusedJson(code: string, { message, hint }: Problem): object {
  return { error: { code: code.replace('commander.', ''), message, file: null, line: null, column: null, hint: hint ?? null } };
}

/** Adds the names of all verbs: enough for the list of them, and for a suggestion. */
async function addSummaries(program: Command): Promise<void> {
  const { summaries } = await import('./summaries.ts');
  for (const { name, arguments: given, about, group } of await summaries())
    program
      .command([name, ...given].join(' '))
      .description(about)
      .helpGroup(`${group}:`)
      .option('--json')
      .allowExcessArguments();
}

/** Reads a command line, runs the verb that it names and prints the answer; returns the exit code. Only that verb is loaded. */
export async function main(words: readonly string[], caller: Caller): Promise<number> {
  const json = words.includes('--json');
  let help = '';
  const program = newProgram(caller, (text) => {
    help += text;
  });
  const [first = '', second = ''] = words;
  const asked = first === 'help' ? second : first;
  const load = Object.hasOwn(verbs, asked) ? verbs[asked] : undefined;
  let exit: number = EXIT.done;
  let verb: Verb | undefined;
  if (load === undefined) await addSummaries(program);
  else {
    const { default: loaded } = await load();
    verb = loaded;
    addVerb(program, loaded, async (values) => {
      exit = await invoke(loaded, values, { ...caller, words });
    });
  }
  try {
    // Help of what there is not says so too.
    const isHelpOfNothing = first === 'help' && second !== '' && load === undefined;
    await program.parseAsync(isHelpOfNothing ? [second] : words, { from: 'user' });
    return exit;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return EXIT.done;
    if (error.code === 'commander.help') {
      if (!json) caller.stderr.write(printable(help));
      return EXIT.usage;
    }
    const { misuse } = await import('./misused.ts');
    const problem = misuse(error, { words, verb, names: Object.keys(verbs) });
    // Programs know these by the names that the parser of the command line gives them.
    if (json) caller.stdout.write(jsonLine(misusedJson(error.code, problem)));
    else print(refusal([problem]), { ...caller, json });
    return EXIT.usage;
  }
}

#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { EXIT, jsonLine } from './commands/answer.ts';
import { invoke } from './commands/invoke.ts';
import type { Verb } from './commands/verb.ts';
import { verbs } from './commands/verbs.ts';
import { installation } from './model/installation.ts';

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

function addVerb(program: Command, verb: Verb, onEnd: (code: number) => void): void {
  const command = program
    .command([verb.name, ...verb.arguments].join(' '))
    .description(verb.about)
    .option('--json', 'print one JSON object on the standard output')
    .option('--store <folder>', 'use another store than the project’s artifacts/')
    .addHelpText('before', `Example:\n  ${verb.example}\n`)
    .exitOverride();
  for (const { flag, about, repeatable } of Object.values(verb.options)) {
    if (repeatable) command.option(flag, about, collect);
    else command.option(flag, about);
  }
  command.action(async (...values: unknown[]) => onEnd(await invoke(verb, values)));
}

/** The program with the verb that is asked for, or with the names of all where none is. */
async function build(asked: string | undefined, onEnd: (code: number) => void): Promise<Command> {
  const { version } = JSON.parse(readFileSync(join(installation, 'package.json'), 'utf8')) as { version: string };
  const program = new Command('stillroom');
  program
    .description(
      'Runs experiment pipelines: every output is kept by its content, and a changed setting reruns only what is downstream of it.',
    )
    .version(version)
    .addHelpText('before', 'Example:\n  stillroom run pipelines/quickstart.yaml --set size=32\n')
    .showHelpAfterError('(see stillroom --help)')
    .exitOverride();
  const load = asked !== undefined && Object.hasOwn(verbs, asked) ? verbs[asked] : undefined;
  if (load !== undefined) addVerb(program, (await load()).default, onEnd);
  else
    for (const { name, arguments: given, about } of await (await import('./commands/summaries.ts')).summaries())
      program
        .command([name, ...given].join(' '))
        .description(about)
        .option('--json')
        .allowExcessArguments();
  return program;
}

/** Runs the command line; returns the exit code. */
async function main(): Promise<number> {
  let exit: number = EXIT.done;
  // A reader that has seen enough, such as head, ends the output and is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(exit);
  });
  const [, , first, second] = process.argv;
  const program = await build(first === 'help' ? second : first, (code) => {
    exit = code;
  });
  const json = process.argv.includes('--json');
  if (json) for (const one of [program, ...program.commands]) one.configureOutput({ writeErr: () => undefined });
  try {
    await program.parseAsync();
    return exit;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return EXIT.done;
    const [code, message] = [error.code.replace('commander.', ''), error.message.replace(/^error: /, '')];
    if (json)
      process.stdout.write(jsonLine({ error: { code, message, file: null, line: null, column: null, hint: 'see stillroom --help' } }));
    return EXIT.usage;
  }
}

process.exitCode = await main();

#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import type { DoctorOptions } from './commands/doctor.ts';
import type { PlanCommandOptions } from './commands/plan.ts';
import { EXIT, printJson } from './commands/problems.ts';
import type { CommonOptions, PlanOptions } from './commands/project.ts';
import type { RunCommandOptions } from './commands/run.ts';
import type { RunsOptions } from './commands/runs.ts';
import { installation } from './model/installation.ts';

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

let exitCode: number = EXIT.done;

function command(parent: Command, usage: string, about: string, example: string): Command {
  return parent
    .command(usage)
    .description(about)
    .option('--json', 'print one JSON object on the standard output')
    .option('--store <folder>', 'use another store than the project’s artifacts/')
    .addHelpText('before', `Example:\n  ${example}\n`);
}

function planning(made: Command): Command {
  return made
    .option(
      '--set <name=value>',
      'set a param (size=96), a node’s param (student.epochs=5) or a source (sources.images=DIR); repeatable',
      collect,
    )
    .option('--force <node>', 'execute a node although its result exists; repeatable', collect)
    .option('--jobs <threads>', 'threads that may be busy at once (default: all cores)')
    .option('--only <node>', 'this node and what it needs, nothing behind it; repeatable', collect);
}

function build(): Command {
  const { version } = JSON.parse(readFileSync(join(installation, 'package.json'), 'utf8')) as { version: string };
  const program = new Command('stillroom');
  program
    .description('Runs experiment pipelines: every output is kept by its content, and a changed setting reruns only what is behind it.')
    .version(version)
    .addHelpText('before', 'Example:\n  stillroom run pipelines/quickstart.yaml --set size=32\n')
    .showHelpAfterError('(see stillroom --help)')
    .exitOverride();
  planning(
    command(program, 'run <pipeline>', 'carry out a pipeline file', 'stillroom run pipelines/quickstart.yaml --set student.epochs=5'),
  )
    .option('--keep-going', 'after a failure go on with what does not need the failed node')
    .option('--verbose', 'print every line that the nodes print')
    .option('--plain', 'lines instead of the live tree')
    .action(async (file: string, options: RunCommandOptions) => {
      exitCode = await (await import('./commands/run.ts')).runCommand(file, options);
    });
  planning(
    command(program, 'plan <pipeline>', 'say what a run would do, and why', 'stillroom plan pipelines/quickstart.yaml --set size=96'),
  )
    .option('--strict', 'refuse commands that declare no tools')
    .action(async (file: string, options: PlanCommandOptions) => {
      exitCode = await (await import('./commands/plan.ts')).planCommand(file, options);
    });
  planning(
    command(
      program,
      'why <target> [node]',
      'name what changed that makes a node run (target: a pipeline file, a run, or a node of the newest run)',
      'stillroom why pipelines/quickstart.yaml student',
    ),
  ).action(async (target: string, node: string | undefined, options: PlanOptions) => {
    exitCode = await (await import('./commands/why.ts')).whyCommand(target, node, options);
  });
  command(program, 'runs', 'list what has run, newest first', 'stillroom runs --limit 5')
    .option('--limit <count>', 'how many (default: 20)')
    .action(async (options: RunsOptions) => {
      exitCode = (await import('./commands/runs.ts')).runsCommand(options);
    });
  command(program, 'show <run>', 'show a run: what was asked and what came out', 'stillroom show @latest').action(
    async (word: string, options: CommonOptions) => {
      exitCode = (await import('./commands/show.ts')).showCommand(word, options);
    },
  );
  command(program, 'verify', 'hash everything in the store', 'stillroom verify').action(async (options: CommonOptions) => {
    exitCode = await (await import('./commands/verify.ts')).verifyCommand(options);
  });
  command(program, 'init [folder]', 'write a commented pipeline and a stage that run at once', 'stillroom init my-experiment').action(
    async (folder: string | undefined, options: CommonOptions) => {
      exitCode = (await import('./commands/init.ts')).initCommand(folder ?? '.', options);
    },
  );
  command(program, 'doctor', 'print what is set up and what is not', 'stillroom doctor --install')
    .option('--install', 'set up what is missing, the training engine included')
    .action(async (options: DoctorOptions) => {
      exitCode = await (await import('./commands/doctor.ts')).doctorCommand(options);
    });
  for (const made of program.commands) made.exitOverride();
  return program;
}

const program = build();
const json = process.argv.includes('--json');
if (json) for (const one of [program, ...program.commands]) one.configureOutput({ writeErr: () => undefined });
try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (json && exitCode !== EXIT.done)
    printJson({
      error: {
        code: error.code.replace('commander.', ''),
        message: error.message.replace(/^error: /, ''),
        file: null,
        line: null,
        column: null,
        hint: 'see stillroom --help',
      },
    });
}
process.exitCode = exitCode;

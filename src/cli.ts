#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import type { DoctorOptions } from './commands/doctor.ts';
import type { GcOptions } from './commands/gc.ts';
import type { PackOptions } from './commands/pack.ts';
import type { PlanCommandOptions } from './commands/plan.ts';
import { EXIT, printJson } from './commands/problems.ts';
import type { CommonOptions, PlanOptions } from './commands/project.ts';
import type { ReportOptions } from './commands/report.ts';
import type { ReproduceOptions } from './commands/reproduce.ts';
import type { RunCommandOptions } from './commands/run.ts';
import type { RunsOptions } from './commands/runs.ts';
import type { TagOptions } from './commands/tag.ts';
import type { SweepCommandOptions } from './commands/sweep.ts';
import { sectionOptions } from './commands/sweep-options.ts';
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
    .option('--executor <name>', 'where nodes are executed that name no executor themselves: one of stillroom.yaml (default: local)')
    .option('--only <node>', 'this node and what it needs, nothing behind it; repeatable', collect);
}

function addSweepCommand(program: Command): void {
  const made = command(
    program,
    'sweep <pipeline>',
    'run variants of a pipeline',
    'stillroom sweep pipelines/x.yaml --over student.lr=log:1e-4..1e-2/5',
  );
  for (const { flags, about, repeatable } of sectionOptions)
    if (repeatable === true) made.option(flags, about, collect);
    else made.option(flags, about);
  made
    .option('--set <name=value>', 'as for run; holds for every variant; repeatable', collect)
    .option('--jobs <threads>', 'threads that may be busy at once (default: all cores)')
    .option('--executor <name>', 'where nodes are executed that name no executor themselves: one of stillroom.yaml (default: local)')
    .option('--retry', 'try failed variants of an earlier start again')
    .option('--format <format>', 'how the table is printed: text, csv, md or json')
    .option('--verbose', 'print every line that the nodes print')
    .option('--plain', 'lines instead of the live leaderboard')
    .action(async (file: string, options: SweepCommandOptions) => {
      exitCode = await (await import('./commands/sweep.ts')).sweepCommand(file, options);
    });
}

/** The commands over recorded runs. */
function addRecordCommands(program: Command): void {
  command(
    program,
    'show <run> [node]',
    'show what a run was asked, what came out and what it cost',
    'stillroom show @latest student',
  ).action(async (word: string, node: string | undefined, options: CommonOptions) => {
    exitCode = (await import('./commands/show.ts')).showCommand(word, node, options);
  });
  command(program, 'diff <runs...>', 'show only what differs between runs', 'stillroom diff 20260101T120000 @latest').action(
    async (words: readonly string[], options: CommonOptions) => {
      exitCode = (await import('./commands/diff.ts')).diffCommand(words, options);
    },
  );
  command(program, 'report <runs...>', 'runs as one HTML page, or as a table', 'stillroom report @latest --output report.html')
    .option('--output <file>', 'write to a file in place of the standard output')
    .option('--md', 'Markdown')
    .option('--csv', 'a line a run')
    .action(async (words: readonly string[], options: ReportOptions) => {
      exitCode = (await import('./commands/report.ts')).reportCommand(words, options);
    });
  command(program, 'tag [run] [name]', 'name a run, or list the names', 'stillroom tag @latest paper-table-2')
    .option('--delete', 'take a name away: stillroom tag --delete paper-table-2')
    .option('--pin', 'keep the run from gc without a name')
    .option('--unpin', 'let gc have it again')
    .action(async (word: string | undefined, name: string | undefined, options: TagOptions) => {
      exitCode = (await import('./commands/tag.ts')).tagCommand(word, name, options);
    });
  command(program, 'gc', 'remove what no kept run reaches', 'stillroom gc --keep-runs 20 --dry-run')
    .option('--keep-runs <count>', 'keep the newest runs (tagged, pinned and live ones are always kept)')
    .option('--keep-days <days>', 'keep the runs of the last days')
    .option('--dry-run', 'say what would be freed, remove nothing')
    .option('--wait', 'wait until no run uses the store')
    .action(async (options: GcOptions) => {
      exitCode = await (await import('./commands/gc.ts')).gcCommand(options);
    });
  command(program, 'pack <run>', 'write a run with its code and sources as one file', 'stillroom pack @latest > run.still')
    .option('--output <file>', 'write to a file in place of the standard output')
    .option('--outputs', 'with the outputs, so that --restore works from it')
    .option('--source <name=path>', 'where a source is that the store does not keep; repeatable', collect)
    .action(async (word: string, options: PackOptions) => {
      exitCode = await (await import('./commands/pack.ts')).packCommand(word, options);
    });
  command(program, 'reproduce [run]', 'do a recorded run again and compare what comes out', 'stillroom reproduce @latest')
    .option('--from <file>', 'a pack in place of a run of the store')
    .option('--only <node>', 'this node and what it needs; repeatable', collect)
    .option('--source <name=path>', 'where a source is that the store does not keep; repeatable', collect)
    .option('--restore', 'bring the outputs back from the store; execute nothing')
    .option('--to <folder>', 'put the outputs there')
    .option('--jobs <threads>', 'threads that may be busy at once (default: all cores)')
    .option('--executor <name>', 'where nodes are executed that name no executor themselves: one of stillroom.yaml (default: local)')
    .option('--verbose', 'print every line that the nodes print')
    .option('--plain', 'lines instead of the live tree')
    .action(async (word: string | undefined, options: ReproduceOptions) => {
      exitCode = await (await import('./commands/reproduce.ts')).reproduceCommand(word, options);
    });
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
    .option('--where <filter>', "only those that fit, for example 'student.lr<0.01 and accuracy>0.8'")
    .option('--sort <name>', 'order by a param, metric or column; with a minus before it downward')
    .option('--columns <names>', 'what to show, for example run,student.lr,accuracy')
    .action(async (options: RunsOptions) => {
      exitCode = (await import('./commands/runs.ts')).runsCommand(options);
    });
  addSweepCommand(program);
  addRecordCommands(program);
  command(program, 'verify', 'hash everything in the store', 'stillroom verify').action(async (options: CommonOptions) => {
    exitCode = await (await import('./commands/verify.ts')).verifyCommand(options);
  });
  command(
    program,
    'explain [code]',
    'say what the code of a problem means and what to do, or list all codes',
    'stillroom explain missing-source',
  ).action(async (code: string | undefined, options: CommonOptions) => {
    exitCode = (await import('./commands/explain.ts')).explainCommand(code, options);
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

// A reader that has seen enough, such as head, ends the output and is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(exitCode);
});

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

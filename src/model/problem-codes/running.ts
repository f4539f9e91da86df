import type { ProblemExplanation } from './explanation.ts';

/** What stages and commands are made of, and how they end. */
export const runningCodes = {
  'bad-metrics': {
    means: 'A command’s metrics file was not written, or does not hold a JSON object of numbers.',
    remedy: 'Let the command write the file that `metrics:` names; nested objects are named with dots.',
  },
  'bad-package': {
    means: 'An installed package that a stage reaches cannot be read, so that what it contributes is not known.',
    remedy: 'Make its files readable, or install it again.',
  },
  'bad-stage': {
    means: 'The code of a stage does not bundle, or its declaration (stage.ts) is not one.',
    remedy: 'Fix what the message names; a stage.ts has `export default defineStage({ … })`.',
  },
  'ended-early': {
    means: 'The process of a stage ended before its work was done.',
    remedy: 'Look for a promise that is never settled, or for process.exit in the stage or a package.',
  },
  'engine-missing': {
    means: 'A stage needs an engine, such as TensorFlow for training, that is not set up where it would be executed.',
    remedy: 'Set it up: stillroom doctor --install.',
  },
  'escaping-code': {
    means: 'A stage’s code would load something at run time that is not in its bundle, so that its result could be stale.',
    remedy: 'Import with a literal path, declare files as inputs, or let a param choose a module with param.module.',
  },
  'exit-code': {
    means: 'A command or stage ended with an exit code other than 0.',
    remedy: 'Read its log, whose path the hint gives. Code 127 says that a program was not found.',
  },
  'input-changed': {
    means: 'A node wrote into one of its inputs, so that others would read something else than was recorded.',
    remedy: 'Let it write into its outputs only, or copy the input first.',
  },
  killed: {
    means: 'The process of a node was ended by a signal.',
    remedy:
      'SIGKILL often means that memory ran out: declare `memory:`, or use smaller batches. SIGSEGV and SIGABRT come from native code.',
  },
  lost: {
    means: 'Whoever executed an attempt is gone without having said how it ended: killed from outside, or the machine was restarted.',
    remedy: 'Run again; `retries:` does so by itself.',
  },
  'missing-code': {
    means: 'The bundle of a stage’s code is no longer in the store.',
    remedy: 'Look for damage with `stillroom verify`, then run again.',
  },
  'missing-output': {
    means: 'A node ended well without writing one of its outputs.',
    remedy: 'Write it at the path that the stage or command is given for it.',
  },
  'missing-package': {
    means: 'A recorded run used a package with native code that is not installed here.',
    remedy: 'Install it with the command in the hint.',
  },
  'missing-source': {
    means: 'A source’s file or folder is not there, or is not what a recorded run read.',
    remedy: 'Give its place: --set sources.name=PATH for a run, --source name=PATH to reproduce or pack.',
  },
  'missing-tool': {
    means: 'A program that a command declares as its tool cannot be found or asked for its version.',
    remedy: 'Install it, or correct `tools:`.',
  },
  'missing-variable': {
    means: 'An environment variable that a node declares is not set.',
    remedy: 'Set it before the command: NAME=value stillroom run FILE.',
  },
  'not-started': {
    means: 'The system did not start the program of a node.',
    remedy: 'Follow the hint: what a program is given (params, variables, its command) is limited in length and may hold no NUL character.',
  },
  'refused-file': {
    means: 'An output or source holds something that cannot be kept: a link that leaves its folder, a socket, a name that is not UTF-8.',
    remedy: 'Remove it, or write a plain file in its place.',
  },
  'source-changed': {
    means: 'A source was changed while a run was reading it.',
    remedy: 'Run again when nobody writes to it, or let it be kept (keep: true).',
  },
  'stage-failed': {
    means: 'A stage said that it cannot do its work.',
    remedy: 'Follow what the stage says.',
  },
  'stage-threw': {
    means: 'A stage’s code threw an error.',
    remedy: 'Read the stack in its log, whose path the hint gives.',
  },
  timeout: {
    means: 'A node ran longer than its `timeout:`.',
    remedy: 'Give it more time, or look in its log for what it waited for.',
  },
  'undeclared-access': {
    means: 'A stage tried to read, write or start something that it does not declare.',
    remedy: 'Declare the file as an input; let a command node start programs.',
  },
  'undeclared-tools': {
    means: 'A command does not say which programs it uses, so an update of one would not be noticed (with plan --strict).',
    remedy: 'Name them: tools: [python3].',
  },
  'unknown-stage': {
    means: 'No stage of this name is in the project’s `stages` or Stillroom’s own.',
    remedy: 'Follow the suggestion, or write it: stages/NAME/stage.ts and run.ts.',
  },
} as const satisfies Readonly<Record<string, ProblemExplanation>>;

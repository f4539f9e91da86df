import type { ProblemExplanation } from './explanation.ts';

/** What stages and commands are made of, and how they end. */
export const runningCodes = {
  'bad-environment': {
    means:
      'The environment of a command is missing or does not say what it holds, or its file asks for what cannot be known by its content.',
    remedy: 'Make it as the hint says, or correct `environment:` or the file that it names.',
  },
  'bad-metrics': {
    means: 'A command’s metrics file was not written, or does not hold an object of numbers in JSON, YAML or TOML, as its suffix says.',
    remedy: 'Let the command write the file that `metrics:` names; nested objects are named with dots.',
  },
  'bad-package': {
    means: 'An installed package that a stage uses cannot be read, so it is not known what it contributes.',
    remedy: 'Make its files readable, or reinstall it.',
  },
  'bad-stage': {
    means: 'The code of a stage cannot be bundled, or its stage.ts is not a valid declaration.',
    remedy: 'Fix what the message names; a stage.ts has `export default defineStage({ … })`.',
  },
  'broke-off': {
    means: 'A command that was to go on by itself ended before it could say whether anything runs.',
    remedy: 'Read the lines that the hint shows; without `--detach` it shows more.',
  },
  'cancelled-outside': {
    means: 'The job of a node was cancelled in the scheduler of a cluster, not by the run.',
    remedy: 'Ask whoever may cancel jobs there, then run again.',
  },
  'cluster-refused': {
    means: 'The scheduler of a cluster does not take a job, or its commands are not there.',
    remedy: 'Correct what the hint names in the settings of the executor in stillroom.yaml.',
  },
  diverged: {
    means: 'A metric of a command came out as NaN or infinite: what it computes has diverged.',
    remedy: 'Look at the metric’s curve and the log; a smaller learning rate or checked inputs help. What may have no value is left out.',
  },
  'ended-early': {
    means: 'The process of a stage ended before its work was done.',
    remedy: 'Look for a promise that never settles, or a call of process.exit in the stage or a package.',
  },
  'engine-missing': {
    means: 'A stage needs an engine, such as TensorFlow for training, that is not set up where it would run.',
    remedy: 'Set it up with `stillroom doctor --install`.',
  },
  'environment-failed': {
    means:
      'The environment of a command could not be locked or built: a package is not to be had, does not fit, or must be built and cannot.',
    remedy: 'Read what uv says, below the message. Without the network only what is in the cache of uv can be used.',
  },
  'escaping-code': {
    means: 'A stage’s code would load something at run time that is not in its bundle, so its result could be stale.',
    remedy: 'Import with a literal path, declare files as inputs, or let a param choose a module with param.module.',
  },
  'exit-code': {
    means: 'A command or stage ended with an exit code other than 0.',
    remedy: 'Read its log, whose path the hint gives. Code 127 means that a program was not found.',
  },
  'input-changed': {
    means: 'A node wrote to one of its inputs, so others would read something other than what was recorded.',
    remedy: 'Write only to its outputs, or copy the input first.',
  },
  interrupted: {
    means:
      'The cluster ended the job of a node for reasons of its own: a machine failed, another job came first, or its time was up after a checkpoint.',
    remedy: 'Nothing: the node is tried again without spending a retry. If it was tried too often, run again.',
  },
  killed: {
    means: 'The process of a node was ended by a signal.',
    remedy:
      'SIGKILL often means that memory ran out: declare `memory:`, or use smaller batches. SIGSEGV and SIGABRT come from native code.',
  },
  lost: {
    means: 'Whatever was executing an attempt is gone and left no word of how it ended: it was killed, or the machine was restarted.',
    remedy: 'Run again; `retries:` does so automatically.',
  },
  'missing-code': {
    means: 'Code is not there: a program or file that a command names does not exist or is no Python, or what was kept of code is lost.',
    remedy:
      'Correct what `python:` or `code:` names. Where the store has lost it, look for damage with `stillroom verify`, then run again.',
  },
  'missing-output': {
    means: 'A node succeeded without writing one of its outputs.',
    remedy: 'Write it to the path that the stage or command is given for it.',
  },
  'missing-package': {
    means: 'A recorded run used a package with native code that is not installed here.',
    remedy: 'Install it with the command in the hint.',
  },
  'missing-python': {
    means: 'An environment is to be made of a version of Python that is not installed. Nothing is downloaded for it.',
    remedy: 'Install that version so that it is in PATH, or name one that is there: `version:` beside `python:`.',
  },
  'missing-source': {
    means: 'A source’s file or folder is missing, or differs from what a recorded run read.',
    remedy: 'Say where it is: --set sources.name=PATH for a run, --source name=PATH to reproduce or pack.',
  },
  'missing-tool': {
    means: 'A program that a command declares as a tool cannot be found or does not tell its version.',
    remedy: 'Install it, or correct `tools:`.',
  },
  'missing-variable': {
    means: 'An environment variable that a node declares is not set.',
    remedy: 'Set it before the command: NAME=value stillroom run FILE.',
  },
  'not-begun': {
    means: 'The job of a node on a cluster ended before the node began, on each machine that was tried.',
    remedy:
      'Read what it printed: machines must see the project’s folder and the same Node.js as this one, and `modules:` and `setup:` of the executor must work there.',
  },
  'not-started': {
    means: 'The operating system did not start a node’s program.',
    remedy: 'Follow the hint: what a program is given (params, variables, its command) is limited in length and must not contain NUL.',
  },
  'out-of-memory': {
    means: 'A node took more memory than its job on a cluster had.',
    remedy: 'Ask for more (`resources: { memory: 16GiB }`), or use smaller batches.',
  },
  'refused-file': {
    means: 'An output or source contains something that cannot be kept: a link out of its folder, a socket, a name that is not UTF-8.',
    remedy: 'Remove it, or write a regular file instead. Of a source, `links: follow` or `--follow-links` reads what links lead to.',
  },
  'run-interrupted': {
    means: 'The process of a run or a sweep is gone before it said how that ended: it was killed, or its machine was.',
    remedy: 'Run the pipeline again: what came out is reused, and what other executors were given is found again.',
  },
  'source-changed': {
    means: 'A source was changed while a run was reading it.',
    remedy: 'Run again when nothing writes to it, or have it kept (keep: true).',
  },
  'stage-failed': {
    means: 'A stage reported that it cannot do its work.',
    remedy: 'Follow what the stage says.',
  },
  'stage-threw': {
    means: 'A stage’s code threw an error.',
    remedy: 'Read the stack in its log, whose path the hint gives.',
  },
  timeout: {
    means: 'A node ran longer than its `timeout:`.',
    remedy: 'Give it more time, or look in its log for what it was waiting for.',
  },
  'undeclared-access': {
    means: 'A stage tried to read, write or start something that it does not declare.',
    remedy: 'Declare the file as an input; let a command node start programs.',
  },
  'undeclared-reads': {
    means: '`plan --strict`: a command may read files of the project that it does not declare; a result is stale then when they change.',
    remedy: 'Declare what it reads (`in:`, `code:`), and write `confine: project`.',
  },
  'undeclared-tools': {
    means: 'A command does not say which programs it uses, so an update of one would not be noticed (with plan --strict).',
    remedy: 'Name them: tools: [python3].',
  },
  'unknown-stage': {
    means: 'Neither the project’s `stages` nor Stillroom’s own have a stage of this name.',
    remedy: 'Follow the suggestion, or write it: stages/NAME/stage.ts and run.ts.',
  },
  'unreadable-picture': {
    means: 'A picture that was to be labelled cannot be read, or is named by the wanted order and not there. All others are labelled.',
    remedy: 'Open it in a viewer: it is damaged, or of a kind that is not read. Repair or remove it.',
  },
} as const satisfies Readonly<Record<string, ProblemExplanation>>;

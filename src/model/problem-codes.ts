/** What a problem's code says, for people. */
export interface ProblemExplanation {
  /** What is the matter, in general. */
  readonly means: string;
  /** What to do about it. */
  readonly remedy: string;
}

/**
 * Every code that a problem can have. Codes are stable: programs read them. `stillroom explain <code>` prints what stands here.
 * A code that nothing uses is removed.
 */
export const problemCodes = {
  'ambiguous-instance': {
    means: 'An input names a node of which several instances exist, and nothing says which one is meant.',
    remedy: 'Choose one with `where:`, or take all of them: into a `[]` port, or into a command’s input with `all: true`.',
  },
  'ambiguous-run': {
    means: 'The word that should name a run is the beginning of the ids or hashes of several.',
    remedy: 'Write more of it, or give the run a name with `stillroom tag`.',
  },
  'bad-budget': {
    means: 'A sweep that gives trials a growing budget (asha) is told something about its rungs or its judge that does not fit.',
    remedy: 'Name a param that its stage declares as a budget, both ends of its range, and the metric by which trials are judged.',
  },
  'bad-filter': {
    means: 'The filter of `stillroom runs --where` cannot be read.',
    remedy: 'Write comparisons joined by `and`, `or` and `not`: student.lr<0.01 and (accuracy>0.8 or state=failed).',
  },
  'bad-input': {
    means: 'An input of a node is not written as the output of a node, a source or a path.',
    remedy: 'Write node.port, $sources.name, or a path that begins with ./ or ../.',
  },
  'bad-metrics': {
    means: 'A command’s metrics file was not written, or does not hold a JSON object of numbers.',
    remedy: 'Let the command write the file that `metrics:` names; nested objects are named with dots.',
  },
  'bad-name': {
    means: 'A node, param, port or variable is called something that is not a name.',
    remedy: 'Begin with a lower-case letter, then letters, digits or "_" (or "-", but not in ports and variables).',
  },
  'bad-node': {
    means: 'A node is neither a stage nor a command, or both at once.',
    remedy: 'Give it either `uses:` with the name of a stage or `run:` with the text of a command.',
  },
  'bad-option': {
    means: 'An option of the command line, or an option of the library, has a value that it cannot have.',
    remedy: 'Follow the hint, or read `stillroom <command> --help`.',
  },
  'bad-pack': {
    means: 'A file that should be a packed run is damaged, is no pack, or holds something that a run cannot be made of.',
    remedy: 'Make it again with `stillroom pack`, or copy it again: nothing of it was used.',
  },
  'bad-package': {
    means: 'An installed package that a stage reaches cannot be read, so that what it contributes is not known.',
    remedy: 'Make its files readable, or install it again.',
  },
  'bad-path': {
    means: 'A path of a command’s inputs or outputs leaves the working folder, or lies within another.',
    remedy: 'Write paths relative to the working folder, each for itself.',
  },
  'bad-range': {
    means: 'A range of a sweep goes nowhere: its ends are missing, reversed, or not possible for such a param.',
    remedy: 'Give both ends, the smaller first: 1..10, log:1e-4..1e-2, 0.1..0.9/5.',
  },
  'bad-set': {
    means: 'A `--set` option is not of the form name=value, or names nothing that can be set.',
    remedy: 'Name a param (size=96), a node’s param (student.epochs=5) or a source (sources.images=DIR).',
  },
  'bad-stage': {
    means: 'The code of a stage does not bundle, or its declaration (stage.ts) is not one.',
    remedy: 'Fix what the message names; a stage.ts has `export default defineStage({ … })`.',
  },
  'bad-tag': {
    means: 'A run cannot be given this name.',
    remedy: 'Use letters, digits, "-", "_" and dots, begin with a letter, and choose nothing that could be a hash.',
  },
  cycle: {
    means: 'Nodes, or the conditions of a sweep, need each other in a circle.',
    remedy: 'Break the circle at one of those that the message names.',
  },
  'duplicate-point': {
    means: 'A value stands twice in the matrix of a node.',
    remedy: 'Remove one of the two.',
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
  'files-exist': {
    means: '`stillroom init` would overwrite files.',
    remedy: 'Choose another folder.',
  },
  'folder-in-use': {
    means: 'The folder that should take outputs is not empty.',
    remedy: 'Name a new folder.',
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
  'missing-content': {
    means: 'Bytes that a recorded run needs are not in the store any more, or are damaged.',
    remedy: 'Look for damage with `stillroom verify`; outputs are made again by `stillroom reproduce`.',
  },
  'missing-input': {
    means: 'A stage’s input is not connected.',
    remedy: 'Connect it under `in:`.',
  },
  'missing-key': {
    means: 'A file leaves out something that must be there.',
    remedy: 'Add the key that the message names.',
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
  'missing-steps': {
    means: 'A grid cannot be made of a range that does not say in how many steps.',
    remedy: 'Write the number of values after the range: 0.1..0.9/5.',
  },
  'missing-tool': {
    means: 'A program that a command declares as its tool cannot be found or asked for its version.',
    remedy: 'Install it, or correct `tools:`.',
  },
  'missing-variable': {
    means: 'An environment variable that a node declares is not set.',
    remedy: 'Set it before the command: NAME=value stillroom run FILE.',
  },
  'newer-record': {
    means: 'A newer Stillroom recorded this run.',
    remedy: 'Update Stillroom to read it.',
  },
  'no-runs': {
    means: 'Nothing has run in this store yet.',
    remedy: 'Run a pipeline first: stillroom run FILE.',
  },
  'no-such-file': {
    means: 'The file that was named does not exist, or is not a file of the kind that is needed.',
    remedy: 'Check the path; `stillroom init` writes a pipeline to begin with.',
  },
  'not-started': {
    means: 'The system did not start the program of a node.',
    remedy: 'Follow the hint: what a program is given (params, variables, its command) is limited in length and may hold no NUL character.',
  },
  'record-too-old': {
    means: 'An earlier Stillroom recorded the run without all that doing it again needs.',
    remedy: 'Run its pipeline again.',
  },
  'refused-file': {
    means: 'An output or source holds something that cannot be kept: a link that leaves its folder, a socket, a name that is not UTF-8.',
    remedy: 'Remove it, or write a plain file in its place.',
  },
  'run-not-done': {
    means: 'Only a run that came to its end can be reproduced or packed.',
    remedy: 'Choose another: stillroom runs --where state=done.',
  },
  'same-name': {
    means: 'Two things of a pipeline have one name, so that a reference to it could mean either.',
    remedy: 'Rename one of them.',
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
  'store-in-use': {
    means: 'The store cannot be had alone (or at all) because another process uses it.',
    remedy: 'Wait until that has ended, or use `stillroom gc --wait`.',
  },
  'store-unwritable': {
    means: 'The store’s folder cannot be written: no permission, no space, a read-only disk.',
    remedy: 'Make room or give permission, or choose another store with --store FOLDER.',
  },
  'store-without-locks': {
    means: 'The store lies on a file system whose locks cannot be trusted, such as NFS.',
    remedy: 'Choose a store on a local disk with --store FOLDER.',
  },
  'stray-dollar': {
    means: 'A "$" in a value refers to nothing.',
    remedy: 'Write $$ for a dollar sign, or name a param: $name or ${name}.',
  },
  'sweep-is-live': {
    means: 'Another process is running this very sweep.',
    remedy: 'Wait for it, or stop it: what it has finished is kept.',
  },
  timeout: {
    means: 'A node ran longer than its `timeout:`.',
    remedy: 'Give it more time, or look in its log for what it waited for.',
  },
  'too-many': {
    means: 'A matrix or a sweep has more points than can be meant.',
    remedy: 'Use fewer values, or a strategy that samples: random or tpe.',
  },
  'undeclared-access': {
    means: 'A stage tried to read, write or start something that it does not declare.',
    remedy: 'Declare the file as an input; let a command node start programs.',
  },
  'undeclared-name': {
    means: 'A stage’s work read a param, port or module, or recorded a metric, whose name its declaration does not have.',
    remedy: 'Correct the name, or declare it in stage.ts.',
  },
  'undeclared-tools': {
    means: 'A command does not say which programs it uses, so an update of one would not be noticed (with plan --strict).',
    remedy: 'Name them: tools: [python3].',
  },
  'unknown-code': {
    means: 'No problem has this code.',
    remedy: 'List all with `stillroom explain`.',
  },
  'unknown-column': {
    means: 'No run has a param, metric or column of this name.',
    remedy: 'Follow the suggestion; `stillroom runs --json` shows all names.',
  },
  'unknown-executor': {
    means: 'No executor, or no kind of executor, has this name.',
    remedy: 'Follow the suggestion, or declare it under `executors:` in stillroom.yaml.',
  },
  'unknown-key': {
    means: 'A file holds a key that means nothing at that place.',
    remedy: 'Follow the suggestion, or remove the key.',
  },
  'unknown-metric': {
    means: 'Nothing reports a metric of this name.',
    remedy: 'Follow the suggestion; metrics are named node.metric.',
  },
  'unknown-node': {
    means: 'No node of the pipeline or run has this name.',
    remedy: 'Follow the suggestion; an instance of a matrix is named node[key=value].',
  },
  'unknown-param': {
    means: 'The stage, pipeline or sweep has no param of this name.',
    remedy: 'Follow the suggestion, or declare it.',
  },
  'unknown-port': {
    means: 'A node has no input or output of this name.',
    remedy: 'Follow the suggestion; the stage’s README lists its ports.',
  },
  'unknown-reference': {
    means: 'A "$name" refers to nothing.',
    remedy: 'Follow the suggestion, or declare the param or source.',
  },
  'unknown-run': {
    means: 'No run of the store has this id, hash or tag.',
    remedy: 'Look for it with `stillroom runs`; @latest is the newest.',
  },
  'unknown-source': {
    means: 'The pipeline or run has no source of this name.',
    remedy: 'Follow the suggestion, or declare it under `sources:`.',
  },
  'unknown-stage': {
    means: 'No stage of this name is in the project’s `stages` or Stillroom’s own.',
    remedy: 'Follow the suggestion, or write it: stages/NAME/stage.ts and run.ts.',
  },
  'unknown-strategy': {
    means: 'No sweep strategy has this name.',
    remedy: 'Choose one that the hint lists.',
  },
  'unknown-tag': {
    means: 'No run has been given this name.',
    remedy: 'List the names: stillroom tag.',
  },
  'unreadable-record': {
    means: 'Records of runs are damaged or were written by a newer Stillroom; what they keep is not known.',
    remedy: 'Update Stillroom, or move those files out of runs/ in the store.',
  },
  'unset-variable': {
    means: 'A command reads a shell variable that nothing sets.',
    remedy:
      'Follow the suggestion: params, inputs, outputs and declared variables are set; others by the command itself. ' +
      'Whether a branch is taken is not seen: read what it alone sets as ${x-}. Nothing is said of texts that source or evaluate others.',
  },
  'unused-param': {
    means: 'A sweep varies a param that no node of its variants depends on: all of them would come out the same.',
    remedy: 'Leave the param out, refer to it in a node, or let the variants run as far as the node that it belongs to.',
  },
  'wrong-kind': {
    means: 'A folder is connected to an input that takes a file, or the other way round.',
    remedy: 'Connect another output, or a file of the folder.',
  },
  'wrong-type': {
    means: 'A value in a file is not of the kind that belongs there.',
    remedy: 'Follow the hint, which gives the description or an example.',
  },
  'yaml-alias': {
    means: 'An alias in a YAML file refers to no anchor, or to itself.',
    remedy: 'Write the value out.',
  },
  'yaml-duplicate-key': {
    means: 'A key of a YAML file is given twice.',
    remedy: 'Rename or remove one of the two.',
  },
  'yaml-integer': {
    means: 'A whole number in a YAML file is too large to be kept exactly.',
    remedy: 'Quote it to keep it as a text.',
  },
  'yaml-key': {
    means: 'A key of a YAML file is not a text.',
    remedy: 'Quote it.',
  },
  'yaml-merge': {
    means: 'A YAML file uses merge keys (<<), which are not supported.',
    remedy: 'Write the values out.',
  },
  'yaml-number': {
    means: 'A number in a YAML file is not finite.',
    remedy: 'Quote it to keep it as a text.',
  },
  'yaml-syntax': {
    means: 'The file is not valid YAML.',
    remedy: 'Check indentation and brackets; quote texts that hold ": " or " #" or begin with a sign.',
  },
  'yaml-tag': {
    means: 'A YAML file uses a tag (!name), which means nothing here.',
    remedy: 'Write a plain value.',
  },
  'yaml-too-large': {
    means: 'A YAML file is too long, too deep, or blown up by aliases.',
    remedy: 'A pipeline file is small: move data into files of its own.',
  },
} as const satisfies Readonly<Record<string, ProblemExplanation>>;

/** The code of a problem. */
export type ProblemCode = keyof typeof problemCodes;

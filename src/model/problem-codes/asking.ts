import type { ProblemExplanation } from './explanation.ts';

/** What is written in files and command lines. */
export const askingCodes = {
  'ambiguous-instance': {
    means: 'An input names a node of which several instances exist, and nothing says which one is meant.',
    remedy: 'Choose one with `where:`, or take all of them: into a `[]` port, or into a command’s input with `all: true`.',
  },
  'bad-budget': {
    means: 'A sweep that gives trials a growing budget (asha) has a budget, rungs or a judge that do not fit together.',
    remedy: 'Name a param that its stage declares as a budget, both ends of its range, and the metric by which trials are judged.',
  },
  'bad-input': {
    means: 'An input of a node is neither the output of a node nor a source nor a path.',
    remedy: 'Write node.port, $sources.name, or a path that begins with ./ or ../.',
  },
  'bad-name': {
    means: 'What a node, param, port or variable is called is not a valid name.',
    remedy: 'Start with a lower-case letter, followed by letters, digits or "_" (also "-", except in ports and variables).',
  },
  'bad-node': {
    means: 'A node is neither a stage nor a command, or both at once.',
    remedy: 'Give it either `uses:` with the name of a stage or `run:` with the text of a command.',
  },
  'bad-option': {
    means: 'An option of the command line or of the library has an invalid value.',
    remedy: 'Follow the hint, or read `stillroom <command> --help`.',
  },
  'bad-path': {
    means: 'A path among a command’s inputs or outputs leads out of the working folder, or lies inside another one.',
    remedy: 'Write paths relative to the working folder, none inside another.',
  },
  'bad-range': {
    means: 'The range of a sweep is not valid: its ends are missing, reversed, or impossible for the param.',
    remedy: 'Give both ends, the smaller first: 1..10, log:1e-4..1e-2, 0.1..0.9/5.',
  },
  'bad-remote': {
    means: 'A remote of `stillroom.yaml` believes no results and takes none, or is to be written to though its kind is only read.',
    remedy: 'Name the prefixes whose results are believed (`trust: [ci/]`), and the one that own results go to (`write: ci/`).',
  },
  'bad-set': {
    means: 'A `--set` option is not of the form name=value, or names nothing that can be set.',
    remedy: 'Name a param (size=96), a node’s param (student.epochs=5) or a source (sources.images=DIR).',
  },
  'cannot-stop': {
    means:
      'What runs takes no word from elsewhere: it is a trial of a sweep, an earlier Stillroom started it, or its store took no file more.',
    remedy: 'Stop the sweep, or press Ctrl-C where it was started.',
  },
  cycle: {
    means: 'Nodes, or the conditions of a sweep, depend on each other in a cycle.',
    remedy: 'Break the cycle at one of those that the message names.',
  },
  'duplicate-point': {
    means: 'A value appears twice in the matrix of a node.',
    remedy: 'Remove one of the two.',
  },
  'foreign-file': {
    means: 'The file that was named is no pipeline but something else, which the message names.',
    remedy: 'Run a pipeline file; the hint says how what the file does is written as one.',
  },
  'json-syntax': {
    means: 'A file of values that is named .json is not valid JSON.',
    remedy: 'Mend the line that the place points to; JSON has no comments, and no comma after the last entry.',
  },
  'matrix-too-large': {
    means: 'The matrices of a pipeline have more points than it may have instances.',
    remedy: 'Leave values out, or sweep over some of the variables.',
  },
  'missing-input': {
    means: 'A stage’s input is not connected.',
    remedy: 'Connect it under `in:`.',
  },
  'missing-key': {
    means: 'A file leaves out something that must be there.',
    remedy: 'Add the key that the message names.',
  },
  'missing-steps': {
    means: 'A grid cannot be made from a range without a number of steps.',
    remedy: 'Write the number of values after the range: 0.1..0.9/5.',
  },
  'no-such-file': {
    means: 'The file that was named does not exist, or is not a file of the kind that is needed.',
    remedy: 'Check the path; `stillroom init` writes a pipeline to start with.',
  },
  'nothing-live': {
    means: 'Nothing runs in this store now, so there is nothing to watch or to stop.',
    remedy: 'Name a run that has ended to see how; `stillroom runs` lists them. Another store: --store FOLDER.',
  },
  'same-name': {
    means: 'Two things in a pipeline have the same name, so a reference could mean either.',
    remedy: 'Rename one of them.',
  },
  'several-live': {
    means: 'Several runs or sweeps live in this store, so it is not clear which is meant.',
    remedy: 'Name one: the hint lists them.',
  },
  'stray-dollar': {
    means: 'A "$" in a value refers to nothing.',
    remedy: 'Write $$ for a dollar sign, or name a param: $name or ${name}.',
  },
  'toml-syntax': {
    means: 'A file of params is not valid TOML, or holds a number that is none.',
    remedy: 'Mend the line that the place points to.',
  },
  'too-many': {
    means:
      'A sweep has more points or lists more values in a text, or a pipeline makes more values by its references and matrices, than anyone can have intended.',
    remedy: 'Use fewer values, a list or a range in place of a text, or a strategy that samples: random or tpe.',
  },
  'undeclared-name': {
    means: 'A stage’s work read a param, port or module, or recorded a metric, whose name its declaration does not have.',
    remedy: 'Correct the name, or declare it in stage.ts.',
  },
  'unknown-code': {
    means: 'No problem has this code.',
    remedy: '`stillroom explain` lists all codes.',
  },
  'unknown-executor': {
    means: 'No executor, or no kind of executor, has this name.',
    remedy: 'Follow the suggestion, or declare it under `executors:` in stillroom.yaml.',
  },
  'unknown-key': {
    means: 'A file has a key that means nothing in that place.',
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
  'unknown-remote': {
    means: 'No remote, or no kind of remote, has this name.',
    remedy: 'Follow the suggestion, or declare it under `remotes:` in stillroom.yaml.',
  },
  'unknown-source': {
    means: 'The pipeline or run has no source of this name.',
    remedy: 'Follow the suggestion, or declare it under `sources:`.',
  },
  'unknown-strategy': {
    means: 'No sweep strategy has this name.',
    remedy: 'Choose one that the hint lists.',
  },
  'unset-variable': {
    means: 'A command reads a shell variable that nothing sets.',
    remedy:
      'Follow the suggestion: params, inputs, outputs and declared variables are set; others by the command itself. ' +
      'Which branches are taken is not known in advance: read what only a branch sets as ${x-}. Texts that source or evaluate others are not checked.',
  },
  'unused-param': {
    means: 'A sweep varies a param that no node of its variants depends on, so they would all come out the same.',
    remedy: 'Leave the param out, use it in a node, or let the variants run as far as the node that it belongs to.',
  },
  'which-pipeline': {
    means: 'No pipeline was named, and the project has several, or none.',
    remedy: 'Name one: `stillroom run NAME`; `stillroom init` writes a pipeline to start with.',
  },
  'wrong-kind': {
    means: 'A folder is connected to an input that takes a file, or the other way round.',
    remedy: 'Connect another output, or a file of the folder.',
  },
  'wrong-type': {
    means: 'A value in a file has the wrong type.',
    remedy: 'Follow the hint, which gives the description or an example.',
  },
  'yaml-alias': {
    means: 'An alias in a YAML file refers to no anchor, or to itself.',
    remedy: 'Write the value out.',
  },
  'yaml-duplicate-key': {
    means: 'A key appears twice in a YAML file.',
    remedy: 'Rename or remove one of the two.',
  },
  'yaml-integer': {
    means: 'A whole number in a YAML file is too large to be kept exactly.',
    remedy: 'Quote it to keep it as text.',
  },
  'yaml-key': {
    means: 'A key in a YAML file is not text.',
    remedy: 'Quote it.',
  },
  'yaml-merge': {
    means: 'A YAML file uses merge keys (<<), which are not supported.',
    remedy: 'Write the values out.',
  },
  'yaml-number': {
    means: 'A number in a YAML file is not finite, or would be kept as another one: it has too many digits.',
    remedy: 'Quote it to keep it as text.',
  },
  'yaml-syntax': {
    means: 'The file is not valid YAML.',
    remedy: 'Check indentation and brackets; quote text that contains ": " or " #" or starts with a sign.',
  },
  'yaml-tag': {
    means: 'A YAML file uses a tag (!name), which means nothing here.',
    remedy: 'Write a plain value.',
  },
  'yaml-too-large': {
    means: 'A YAML file is too long, nested too deeply, or blown up by aliases.',
    remedy: 'A pipeline file is small: move data into files of their own.',
  },
} as const satisfies Readonly<Record<string, ProblemExplanation>>;

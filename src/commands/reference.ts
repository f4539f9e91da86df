import { EXIT } from './answer.ts';

/** What the program is, in one sentence. */
export const DESCRIPTION =
  'Runs experiment pipelines: every output is kept by its content, and a changed setting reruns only what is downstream of it.';

/** What each exit code means, in their order. */
const MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  done: 'done',
  stageFailed: 'a node failed',
  usage: 'the command line is wrong, or names what is not there',
  pipeline: 'a pipeline file is wrong',
  notReproduced: 'a run was not reproduced',
  storeDamaged: 'the store is damaged, or the system refused something, such as a full disk',
  bug: 'a bug in Stillroom',
  hungUp: 'stopped by the end of its terminal (SIGHUP)',
  interrupted: 'stopped by Ctrl-C (SIGINT)',
  terminated: 'stopped by SIGTERM, or by stop',
};

/** A name of the manual and what it means. */
export type Meaning = readonly [name: string, means: string];

/** The exit codes. */
export const exitCodes: readonly Meaning[] = Object.entries(EXIT).map(([name, code]) => [
  String(code),
  MEANINGS[name as keyof typeof EXIT],
]);

/** The variables of the environment that the program looks at. What nodes are given is said of pipelines. */
export const variables: readonly Meaning[] = [
  ['NO_COLOR', 'colours nothing, if it is not empty'],
  ['FORCE_COLOR', 'colours what is no terminal too, if it is not empty; 0 colours nothing'],
  ['TERM', 'dumb: lines in place of the live view, and no colours'],
  ['CI', 'lines in place of the live view'],
  ['XDG_CACHE_HOME', 'where what spares time is kept: compiled code, the training engine, who uses the machine (default: ~/.cache)'],
  ['STILLROOM_DEVICES', 'the graphics processors that nodes may use, by number: 0,1; none leaves them alone'],
  ['CUDA_VISIBLE_DEVICES', 'the same, where STILLROOM_DEVICES is not set'],
  ['STILLROOM_STACK', 'prints the stack of a bug, if it is set'],
];

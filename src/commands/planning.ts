import { flag, number, text, texts } from './verb.ts';

/** `--jobs`, of all verbs that run something. */
export const jobs = number('--jobs <threads>', 'threads that may be busy at once (default: all cores)', {
  whole: true,
  hint: 'for example --jobs 2',
});

/** `--executor`, of all verbs that plan. */
export const executor = text(
  '--executor <executor>',
  'what runs the nodes that name no executor themselves, declared in stillroom.yaml (default: local)',
);

/** `--remote`, of all verbs that run something. */
export const remote = texts(
  '--remote <remote>',
  'look for results there before anything is executed, and send own ones where it may be written to; declared in stillroom.yaml; repeatable',
);

/** `--follow-links`, of all verbs that read sources. */
export const followLinks = flag('--follow-links', 'read what links in sources lead to in their place, as `links: follow` at a source says');

/** `--refresh-environment`, of all verbs that plan. */
export const refreshEnvironment = flag(
  '--refresh-environment',
  'lock the requirements of Python environments anew, to the newest packages that they allow; what a file locks stays as it is',
);

/** The settings of a pipeline, with what `--follow-links` sets: a record tells it like any other. */
export function settings(set: readonly string[] = [], followLinks = false): readonly string[] {
  return followLinks ? [...set, 'sources.*.links=follow'] : set;
}

/** The options of verbs that plan a pipeline. */
export const planning = {
  set: texts(
    '--set <name=value>',
    'set a param (size=96), a node’s param (student.epochs=5) or a source (sources.images=DIR), or all that a file holds (@variant.yaml); repeatable',
  ),
  force: texts('--force <node>', 'execute a node although its result exists; repeatable'),
  remeasure: flag('--remeasure', 'execute the nodes that measure the machine although their results exist'),
  refreshEnvironment,
  followLinks,
  jobs,
  executor,
  only: texts('--only <node>', 'this node and what it needs, nothing downstream of it; repeatable'),
};

import { exitCodes, variables } from '../../src/commands/reference.ts';
import { type Summary, summaries } from '../../src/commands/summaries.ts';
import { SHARED_OPTIONS } from '../../src/commands/verb.ts';
import { wrap } from '../../src/text/wrap.ts';
import { table } from './words.ts';

/** Text in which what is written in angle brackets stays so. */
const code = (text: string): string => `\`${text}\``;

function verbSection({ name, arguments: given, about, detail, examples, options }: Summary): string[] {
  const rows = options.map((option) => [code(option.flag), option.about]);
  return [
    `### ${name}`,
    '',
    `\`stillroom ${[name, ...given].join(' ')}\`: ${about}.`,
    '',
    '```sh',
    ...examples,
    '```',
    ...(detail === undefined ? [] : ['', ...wrap(detail, 140)]),
    ...(rows.length === 0 ? [] : ['', ...table(['option', 'what it does'], rows)]),
    '',
  ];
}

/** The reference of the command line: all verbs with their options, exit codes and variables. */
export async function commands(): Promise<string> {
  const verbs = await summaries();
  const groups = [...new Set(verbs.map(({ group }) => group))];
  return [
    '# Commands',
    '',
    'All commands with their options; `stillroom <command> --help` and `man stillroom` say the same. In a project that Stillroom is installed in',
    'they are called as `npx stillroom …`. This page is made from what the program declares: `npm run docs`.',
    '',
    'Each takes these too:',
    '',
    ...table(
      ['option', 'what it does'],
      SHARED_OPTIONS.map(({ flag, about }) => [code(flag), about]),
    ),
    '',
    'Where a pipeline, a node or a run is asked for, names are enough: see [Pipelines](pipelines.md#which-pipeline-is-meant). A run is named by its',
    "id, its hash, the beginning of either, a tag, `@latest` or `@best:<metric>`; nodes also by patterns (`'teach*'`, `'*[fold=0]'`). Shells complete",
    'all of these: see `completion`.',
    '',
    ...groups.flatMap((group) => [`## ${group}`, '', ...verbs.filter((verb) => verb.group === group).flatMap(verbSection)]),
    '## Exit codes',
    '',
    ...table(
      ['code', 'what happened'],
      exitCodes.map(([name, means]) => [name, means]),
    ),
    '',
    'Ctrl-C stops a run: training stages save a checkpoint first, and the next run goes on from there. Killing it any other way loses nothing',
    'either. Outputs are under `artifacts/latest/<pipeline>/<node>/`. What a run shows meanwhile: [While something runs](running.md).',
    '',
    '## Environment variables',
    '',
    ...table(
      ['variable', 'what it does'],
      variables.map(([name, means]) => [code(name), means]),
    ),
    '',
  ].join('\n');
}

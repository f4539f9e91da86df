import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DESCRIPTION, exitCodes, type Meaning, variables } from '../../src/commands/reference.ts';
import { type Summary, summaries } from '../../src/commands/summaries.ts';
import { SHARED_OPTIONS } from '../../src/commands/verb.ts';
import { installation } from '../../src/model/installation.ts';

/** Text as roff takes it: nothing in it is a request or an escape, hyphens can be searched for, and what Markdown marks as code is bold. */
function roff(text: string): string {
  const escaped = text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll('’', '\\(cq').replaceAll('…', '...');
  const marked = escaped.replaceAll(/`([^`]*)`/g, '\\fB$1\\fR').replaceAll(/\[([^\]]+)\]\([^)]+\)/g, '$1');
  return marked.replaceAll(/^(?=[.'])/gm, '\\&');
}

/** A paragraph with a name that stands out before it. */
function item(name: string, means: string): string[] {
  return ['.TP', `.B ${roff(name).replaceAll('"', '\\(dq')}`, roff(means)];
}

function items(all: readonly Meaning[]): string[] {
  return all.flatMap(([name, means]) => item(name, means));
}

function verbSection({ name, arguments: given, about, detail, examples, options }: Summary): string[] {
  return [
    `.SS ${roff([name, ...given].join(' '))}`,
    `${roff(`${about.charAt(0).toUpperCase()}${about.slice(1)}`)}.`,
    ...(detail === undefined ? [] : ['.PP', roff(detail.replaceAll('\n', ' '))]),
    '.PP',
    '.RS',
    '.nf',
    ...examples.map(roff),
    '.fi',
    '.RE',
    ...items(options.map((option) => [option.flag, option.about])),
  ];
}

/** The manual page of the command line, `stillroom(1)`. */
export async function manual(): Promise<string> {
  const verbs = await summaries();
  const { version } = JSON.parse(readFileSync(join(installation, 'package.json'), 'utf8')) as { readonly version: string };
  const groups = [...new Set(verbs.map(({ group }) => group))];
  return [
    '.\\" Made by npm run docs from what the program declares.',
    `.TH STILLROOM 1 "" "stillroom ${version}" "User Commands"`,
    '.SH NAME',
    'stillroom \\- runs experiment pipelines and reuses what nothing has changed',
    '.SH SYNOPSIS',
    '.B stillroom',
    '.I command',
    '.RI [ arguments ]',
    '.RI [ options ]',
    '.br',
    '.B stillroom help',
    '.RI [ command ]',
    '.SH DESCRIPTION',
    roff(DESCRIPTION),
    '.PP',
    roff(
      'A YAML file declares stages. Each is described, with its options, by `stillroom help COMMAND`; in a project that Stillroom is installed in it is called as `npx stillroom`.',
    ),
    '.SH OPTIONS OF ALL COMMANDS',
    ...items([
      ...SHARED_OPTIONS.map(({ flag, about }) => [flag, about] as const),
      ['--help', 'show what a command does, and its options'],
      ['--version', 'print the version'],
    ]),
    ...groups.flatMap((group) => [
      `.SH ${roff(group).toUpperCase()}`,
      ...verbs.filter((verb) => verb.group === group).flatMap(verbSection),
    ]),
    '.SH EXIT STATUS',
    ...items(exitCodes),
    '.SH ENVIRONMENT',
    ...items(variables),
    '.SH FILES',
    ...items([
      ['artifacts/', 'the store of a project: everything that its runs made, by content; artifacts/latest holds what came out last'],
      ['pipelines/, *.yaml', 'where pipelines are found by name'],
      ['stages/', 'the stages of a project'],
      ['stillroom.yaml', 'the executors that a project declares'],
    ]),
    '',
  ].join('\n');
}

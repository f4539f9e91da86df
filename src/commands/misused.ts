import type { CommanderError } from 'commander';
import type { Problem } from '../model/problem.ts';
import { nearest, suggestion } from '../text/suggestion.ts';
import type { Verb } from './verb.ts';

/** What others call options, by what does the same here; a text with a space says more. */
const OPTIONS: Readonly<Record<string, string>> = {
  '--dry-run --dry -n --dryrun --just-print': 'plan',
  '-j --cores --threads --parallel --workers --max-workers -c -p': '--jobs',
  '-f --rerun --force-all --forceall --no-cache -F --always-make': '--force',
  '-S --param --params --set-param -D --define --config': '--set',
  '--target --until --to --node --stage -s --select': '--only',
  '-k --continue --keepgoing': '--keep-going',
  '-o --out --out-file': '--output',
  '-q --quiet --silent': 'quiet',
};

/** What others call verbs. */
const VERBS: Readonly<Record<string, string>> = {
  'repro start execute exec make train launch': 'run',
  'dag graph status check dry-run preview validate lint': 'plan',
  'list ls log history experiments exp': 'runs',
  'compare metrics params': 'diff',
  'tune search optimize optimise hyperopt grid': 'sweep',
  'clean prune cleanup remove rm delete clear': 'gc',
  'new create setup scaffold': 'init',
  'export archive bundle': 'pack',
  'rerun replay': 'reproduce',
  'info describe inspect cat': 'show',
  'ui view html plot plots': 'report',
};

function calledHere(other: string, table: Readonly<Record<string, string>>): string | undefined {
  return Object.entries(table).find(([others]) => others.split(' ').includes(other))?.[1];
}

/** The options of a verb as they are written, without their values. */
function optionsOf(verb: Verb | undefined): string[] {
  const own = Object.values(verb?.options ?? {}).map(({ flag }) => flag.split(/[ ,]/, 1)[0] ?? '');
  return verb === undefined ? ['--version', '--help'] : [...own, '--json', '--store', '--help'];
}

function unknownOption(written: string, verb: Verb | undefined, words: readonly string[]): string {
  const known = optionsOf(verb);
  const bare = (option: string): string => option.replace(/^-+/, '').replace(/=.*$/, '');
  const near = bare(written).length < 2 ? undefined : nearest(bare(written), known.map(bare));
  if (near !== undefined) return `did you mean --${near}?`;
  const longer = known.filter((option) => option.endsWith(`-${bare(written)}`));
  if (longer.length === 1) return `did you mean ${longer[0]}?`;
  const other = calledHere(written.replace(/=.*$/, ''), OPTIONS);
  if (other === 'plan' && verb?.name === 'run') {
    const rest = words.slice(1).filter((word) => word !== written);
    return `stillroom plan says what would run: stillroom plan ${rest.join(' ')}`.trimEnd();
  }
  if (other === 'quiet') return 'send what you do not want to read away: 2> /dev/null';
  if (other !== undefined && known.includes(other)) return `it is called ${other} here`;
  return `there are ${known.join(', ')}`;
}

/** The word that is one argument too many, and the one before it. */
function excess(verb: Verb | undefined, words: readonly string[]): readonly [before: string, word: string] {
  const takesValue = new Set(
    Object.values(verb?.options ?? {}).flatMap(({ flag }) => (flag.includes('<') ? [flag.split(/[ ,]/, 1)[0] ?? ''] : [])),
  ).add('--store');
  let left = verb?.arguments.length ?? 0;
  for (let at = 1; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (takesValue.has(word)) at += 1;
    else if (!word.startsWith('-')) {
      if (left === 0) return [words[at - 1] ?? '', word];
      left -= 1;
    }
  }
  return ['', words.at(-1) ?? ''];
}

function excessHint(verb: Verb | undefined, words: readonly string[]): string {
  const [before, word] = excess(verb, words);
  const option = words[words.indexOf(before) - 1];
  if (option !== undefined && ['--set', '--over', '--repeat'].includes(option) && !before.includes('='))
    return `write ${option} ${before}=${word}`;
  if (option !== undefined && /^--\w/.test(option) && /=$/.test(before)) return `write it without spaces: ${option} ${before}${word}`;
  return (verb?.arguments.length ?? 0) === 1 && words.lastIndexOf(word) > 1
    ? `give one: stillroom ${words.slice(0, words.lastIndexOf(word)).join(' ')}`
    : `for example ${verb?.example ?? 'stillroom --help'}`;
}

function unknownVerb(written: string, names: readonly string[]): string {
  const other = calledHere(written, VERBS);
  if (other !== undefined) return `it is called "${other}" here: stillroom ${other}`;
  if (/\.ya?ml$/.test(written)) return `write stillroom run ${written}`;
  return suggestion(written, names);
}

/** What a command line asks for that there is not, in the words of who typed it, and what to type. */
export function misuse(
  { code, message }: CommanderError,
  { words, verb, names }: { readonly words: readonly string[]; readonly verb: Verb | undefined; readonly names: readonly string[] },
): Problem {
  const named = /'([^']*)'/.exec(message)?.[1] ?? '';
  const name = verb?.name ?? 'stillroom';
  const usage = (told: string, hint: string): Problem => ({ kind: 'usage', code: 'bad-option', message: told, hint });
  if (code === 'commander.unknownOption') return usage(`${name} has no option ${named}`, unknownOption(named, verb, words));
  if (code === 'commander.unknownCommand') return usage(`stillroom has no command "${named}"`, unknownVerb(named, names));
  if (code === 'commander.missingArgument') return usage(`${name} needs <${named}>`, `for example ${verb?.example ?? 'stillroom --help'}`);
  if (code === 'commander.optionMissingArgument')
    return usage(`${named.split(' ', 1)[0]} needs a value`, `write ${named.replace(/[<>]/g, '')}`);
  if (code === 'commander.excessArguments') {
    const [, word] = excess(verb, words);
    const most = verb?.arguments.length ?? 0;
    return usage(
      `${name} takes ${most === 0 ? 'no argument' : most === 1 ? 'one argument' : `${most} arguments`}: "${word}" is too many`,
      excessHint(verb, words),
    );
  }
  return usage(message.replace(/^error: /, ''), `see stillroom ${verb === undefined ? '' : `${name} `}--help`);
}

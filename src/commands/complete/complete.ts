import { problemCodes } from '../../model/problem-codes.ts';
import type { Name, Names } from '../../project/names.ts';
import { type Summary, summaries } from '../summaries.ts';
import { type OptionSummary, SHARED_OPTIONS } from '../verb.ts';

/** What may stand for the word that is being typed. */
export interface Completions {
  readonly names: readonly Name[];
  /** What the shell completes by itself beside: the names of files, or of folders. */
  readonly files?: 'files' | 'folders';
}

const NONE: Completions = { names: [] };

/** A command line as far as it is typed: what was given before the last word. */
interface Typed {
  readonly verb: Summary;
  /** Arguments by their order. */
  readonly given: readonly string[];
  /** What the last word is the value of; undefined: it is an argument or an option. */
  readonly option: OptionSummary | undefined;
  readonly isBehindOptions: boolean;
  readonly options: ReadonlySet<string>;
}

const nameOf = ({ flag }: OptionSummary): string => flag.split(' ', 1)[0] ?? '';

function optionsOf(verb: Summary): readonly OptionSummary[] {
  return [...verb.options, ...SHARED_OPTIONS, { flag: '--help', about: 'show what the command does, and its options', repeatable: false }];
}

function read(verb: Summary, words: readonly string[]): Typed {
  const given: string[] = [];
  const options = new Set<string>();
  let option: OptionSummary | undefined;
  let isBehindOptions = false;
  for (const word of words) {
    const isValue = option !== undefined;
    option = undefined;
    if (isValue) continue;
    if (isBehindOptions || !word.startsWith('--')) given.push(word);
    else if (word === '--') isBehindOptions = true;
    else {
      options.add(word.split('=', 1)[0] ?? '');
      option = optionsOf(verb).find((one) => nameOf(one) === word && one.flag.includes('<'));
    }
  }
  return { verb, given, option, isBehindOptions, options };
}

/** What stands in brackets: `<file>` is a file, `[runs...]` are runs. */
const placeholderOf = (written: string): string => /[<[]([^\]>.]+)(?:\.\.\.)?[\]>]/.exec(written)?.[1] ?? '';

/** The words that may be typed at the end of a command line, without the program's name; the last word may be empty. */
export async function completionsOf(words: readonly string[], open: (store: string | undefined) => Promise<Names>): Promise<Completions> {
  const [first = '', ...rest] = words;
  const all = await summaries();
  if (rest.length === 0)
    return { names: [...all.map(({ name, about }) => ({ value: name, about })), { value: 'help', about: 'show how a command is used' }] };
  const last = rest.at(-1) ?? '';
  if (first === 'help') return rest.length > 1 ? NONE : { names: all.map(({ name, about }) => ({ value: name, about })) };
  const verb = all.find(({ name }) => name === first);
  if (verb === undefined) return NONE;
  const typed = read(verb, rest.slice(0, -1));
  const store = givenTo('--store', rest);
  if (typed.option !== undefined) return optionValues(typed.option, last, typed, await open(store));
  if (last.startsWith('--') && last.includes('=') && !typed.isBehindOptions) {
    const cut = last.indexOf('=') + 1;
    const option = optionsOf(verb).find((one) => `${nameOf(one)}=` === last.slice(0, cut));
    if (option === undefined) return NONE;
    const { names } = optionValues(option, last.slice(cut), typed, await open(store));
    return { names: names.map(({ value, about }) => ({ value: last.slice(0, cut) + value, about })) };
  }
  if (last.startsWith('-') && !typed.isBehindOptions) return { names: flagsOf(typed) };
  const written = verb.arguments[typed.given.length] ?? verb.arguments.findLast((one) => one.includes('...'));
  if (written === undefined) return { names: flagsOf(typed) };
  return argumentValues(placeholderOf(written), last, typed, await open(store));
}

function givenTo(option: string, words: readonly string[]): string | undefined {
  const at = words.indexOf(option);
  const joined = words.find((word) => word.startsWith(`${option}=`));
  return joined?.slice(option.length + 1) ?? (at === -1 || at + 1 >= words.length - 1 ? undefined : words[at + 1]);
}

function flagsOf({ verb, options }: Typed): readonly Name[] {
  return optionsOf(verb)
    .filter((one) => one.repeatable || !options.has(nameOf(one)))
    .map((one) => ({ value: nameOf(one), about: one.about }));
}

/** The pipeline that was named, of verbs that take one. */
function pipelineOf({ verb, given }: Typed): string | undefined {
  return ['pipeline', 'target'].includes(placeholderOf(verb.arguments[0] ?? '')) ? given[0] : undefined;
}

function isOfRun({ verb }: Typed): boolean {
  return placeholderOf(verb.arguments[0] ?? '') === 'run';
}

/** The last of several names with a sign between them, each with those before in front. */
function listed(typed: string, sign: RegExp, names: readonly Name[]): readonly Name[] {
  const before =
    /^.*/s.exec(typed)?.[0].slice(0, typed.search(sign) === -1 ? 0 : typed.length - (typed.split(sign).at(-1) ?? '').length) ?? '';
  return names.map(({ value, about }) => ({ value: before + value, about }));
}

function optionValues(option: OptionSummary, last: string, typed: Typed, names: Names): Completions {
  if (option.words !== undefined) return { names: option.words.map((value) => ({ value, about: '' })) };
  const pipeline = pipelineOf(typed);
  const kind = placeholderOf(option.flag);
  switch (kind) {
    case 'file':
      return { names: [], files: 'files' };
    case 'folder':
      return { names: [], files: 'folders' };
    case 'node':
      return { names: isOfRun(typed) ? names.nodesOfRun(typed.given[0] ?? '@latest') : names.nodes(pipeline) };
    case 'name=value':
    case 'name=values':
      return last.startsWith('sources.') && last.includes('=') ? { names: [], files: 'files' } : { names: names.settings(pipeline, last) };
    case 'name=path':
      return last.includes('=') ? { names: [], files: 'files' } : { names: names.sources(pipeline) };
    case 'executor':
      return { names: names.executors() };
    case 'remote':
      return { names: names.remotes() };
    case 'metric':
      return { names: names.metrics() };
    case 'metric,metric':
      return { names: listed(last, /,/, names.metrics()) };
    case 'column':
      return { names: last.startsWith('-') ? names.columns().map((one) => ({ ...one, value: `-${one.value}` })) : names.columns() };
    case 'names':
      return { names: listed(last, /,/, names.columns()) };
    case 'filter':
      return { names: listed(last, /\s/, names.columns()) };
    case 'recipe':
      return { names: names.recipes() };
    case 'run':
    case 'id':
      return { names: names.runs(last) };
    default:
      return NONE;
  }
}

function argumentValues(kind: string, last: string, typed: Typed, names: Names): Completions {
  const [first] = typed.given;
  switch (kind) {
    case 'pipeline':
      return { names: names.pipelines(), files: 'files' };
    case 'status':
      return { names: [{ value: 'status', about: 'how remotes stand' }] };
    case 'remote':
      return { names: names.remotes() };
    case 'target':
      return { names: [...names.pipelines(), ...names.nodes(undefined), ...names.runs(last)], files: 'files' };
    case 'run':
      return { names: typed.options.has('--delete') ? names.tags() : names.runs(last) };
    case 'live-run':
      return { names: last === '' ? names.live() : [...names.live(), ...names.runs(last)] };
    case 'runs':
      return { names: names.runs(last) };
    case 'node':
      return { names: isOfRun(typed) ? names.nodesOfRun(first ?? '') : [...names.nodes(first), ...names.nodesOfRun(first ?? '')] };
    case 'model':
      return { names: names.runs(last), files: 'files' };
    case 'pictures':
      return { names: [], files: 'files' };
    case 'folder':
      return { names: [], files: 'folders' };
    case 'code':
      return { names: Object.entries(problemCodes).map(([value, { means }]) => ({ value, about: means })) };
    case 'shell':
      return { names: ['bash', 'zsh', 'fish'].map((value) => ({ value, about: '' })) };
    default:
      return NONE;
  }
}

/** A word as a shell would take it: without quotes that are still open, and without backslashes. */
export function unquoted(word: string): string {
  const quote = /^["']/.exec(word)?.[0];
  if (quote !== undefined) return word.slice(1).replace(new RegExp(`${quote}$`), '');
  return word.replaceAll(/\\(.)/gs, '$1');
}

/** What a shell's script reads: `:files` or `:folders`, then each word that begins as the last one does, a tab, and what it stands for. */
export function completionText({ names, files }: Completions, last: string): string {
  const fitting = names.filter(({ value }) => value.startsWith(last) && value !== '' && !/\p{Cc}/u.test(value));
  const lines = fitting.map(({ value, about }) => `${value}\t${about.replaceAll(/\p{Cc}+/gu, ' ').slice(0, 100)}`);
  return [...(files === undefined ? [] : [`:${files}`]), ...new Set(lines)].map((line) => `${line}\n`).join('');
}

import { splitName } from '../model/instance-name.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { done, failed, type Outcome, type Problem } from '../model/problem.ts';
import type { SweepSection } from '../model/sweep.ts';

/** What the command line says of a sweep: a section in the form of the file's, and the option that each part came from. */
export interface AskedSection {
  readonly section: SweepSection;
  /** By JSON pointer below the section. */
  readonly optionNames: Readonly<Record<string, string>>;
}

/** The part of the section that one use of an option is. */
interface Part {
  /** Keys that lead to it. */
  readonly path: readonly string[];
  readonly value: Json;
}

/** An option whose value cannot be read: what it should be. */
interface Misread {
  readonly wanted: string;
  readonly example: string;
}

/** An option of `stillroom sweep` that stands in place of a key of the file's section. */
interface SectionOption {
  readonly name: string;
  /** Of options that may be given several times: their values are a list, or the members of a mapping. */
  readonly flags: string;
  readonly about: string;
  readonly repeatable?: true;
  /** Reads one value of it; `index` counts the values. */
  readonly read: (text: string, index: number) => Part | Misread;
}

const COMPARISONS: Readonly<Record<string, string>> = { '<': 'below', '>': 'above', '<=': 'max', '>=': 'min' };

/** Reads `name=values`: a name may have brackets with signs of equality in them. */
function readAssignment(key: string, text: string, example: string): Part | Misread {
  const { rest = '' } = splitName(text) ?? {};
  const cut = text.length - rest.length + rest.indexOf('=');
  if (!rest.includes('=') || cut + 1 >= text.length) return { wanted: 'of the form name=values', example };
  return { path: [key, text.slice(0, cut)], value: text.slice(cut + 1) };
}

function readConstraint(text: string): Part | Misread {
  const [, metric = '', sign = '', bound = ''] = /^(.+?)\s*(<=|>=|<|>)\s*(\S+)$/.exec(text) ?? [];
  if (bound === '' || Number.isNaN(Number(bound))) return { wanted: 'of the form metric<number', example: "'export.bytes<=3e6'" };
  return { path: ['constraints', metric, COMPARISONS[sign] ?? 'max'], value: Number(bound) };
}

function readCount(key: string, least: 0 | 1) {
  return (text: string): Part | Misread => {
    const isCount = /^\d+$/.test(text) && Number.isSafeInteger(Number(text)) && Number(text) >= least;
    return isCount ? { path: [key], value: Number(text) } : { wanted: `a whole number${least === 0 ? '' : ' above 0'}`, example: '3' };
  };
}

function readTime(text: string): Part | Misread {
  return /^[0-9]+(\.[0-9]+)?(s|m|h)$/.test(text) ? { path: ['time'], value: text } : { wanted: 'a time', example: '30m' };
}

/** The options that say what the file's section says, each with how its values are read. */
export const sectionOptions: readonly SectionOption[] = [
  {
    name: 'over',
    flags: '--over <name=values>',
    about: 'a param and its values (size=32,96) or range (student.lr=log:1e-4..1e-2, batch=8..64); repeatable',
    repeatable: true,
    read: (text) => readAssignment('over', text, 'student.lr=log:1e-4..1e-2'),
  },
  {
    name: 'repeat',
    flags: '--repeat <name=values>',
    about: 'run every variant with each of these values (seed=1,2,3) and give the spread; repeatable',
    repeatable: true,
    read: (text) => readAssignment('repeats', text, 'seed=1,2,3'),
  },
  {
    name: 'strategy',
    flags: '--strategy <name>',
    about: 'grid, one-at-a-time, list, random, tpe or asha',
    read: (text) => ({ path: ['strategy'], value: text }),
  },
  {
    name: 'maximize',
    flags: '--maximize <metric>',
    about: 'the objective, as node.metric; repeatable',
    repeatable: true,
    read: (text, index) => ({ path: ['objective', 'maximize', String(index)], value: text }),
  },
  {
    name: 'minimize',
    flags: '--minimize <metric>',
    about: 'the objective, as node.metric; repeatable',
    repeatable: true,
    read: (text, index) => ({ path: ['objective', 'minimize', String(index)], value: text }),
  },
  {
    name: 'constraint',
    flags: '--constraint <bound>',
    about: "what a variant must keep to be the best ('export.bytes<=3e6'); repeatable",
    repeatable: true,
    read: readConstraint,
  },
  {
    name: 'only',
    flags: '--only <node>',
    about: 'variants end with this node: nothing downstream of it runs; repeatable',
    repeatable: true,
    read: (text, index) => ({ path: ['only', String(index)], value: text }),
  },
  { name: 'trials', flags: '--trials <count>', about: 'at most so many variants', read: readCount('trials', 1) },
  { name: 'time', flags: '--time <time>', about: 'start no variant later than this (90s, 30m, 2h)', read: readTime },
  { name: 'parallel', flags: '--parallel <count>', about: 'variants at once', read: readCount('parallel', 1) },
  { name: 'seed', flags: '--seed <number>', about: 'decides what random, tpe and asha propose', read: readCount('seed', 0) },
];

function pointer(path: readonly string[]): string {
  return path.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** A mapping with a value at a path; steps that are numbers lead into lists. */
function withPart(into: Json | undefined, [step, ...rest]: readonly string[], value: Json): Json {
  if (step === undefined) return value;
  if (/^\d+$/.test(step) && (into === undefined || Array.isArray(into))) return [...(into ?? []), withPart(undefined, rest, value)];
  const members = (into ?? {}) as JsonObject;
  return { ...members, [step]: withPart(members[step], rest, value) };
}

/** Reads options as a section of the file; all that cannot be read is returned together. */
export function readSection(options: Readonly<Record<string, unknown>>): Outcome<AskedSection> {
  let section: Json = {};
  const optionNames: Record<string, string> = {};
  const problems: Problem[] = [];
  for (const { name, read } of sectionOptions) {
    const given = options[name];
    const texts = (given === undefined ? [] : Array.isArray(given) ? given : [given]) as readonly string[];
    for (const [index, text] of texts.entries()) {
      const part = read(text, index);
      if ('wanted' in part) {
        const message = `--${name} ${text} is not ${part.wanted}`;
        problems.push({ kind: 'usage', code: 'bad-option', message, hint: `for example --${name} ${part.example}` });
        continue;
      }
      section = withPart(section, part.path, part.value);
      const [key = ''] = part.path;
      optionNames[pointer(part.path)] = `--${name} ${text}`;
      optionNames[pointer(part.path.slice(0, 2))] = `--${name} ${text}`;
      optionNames[pointer([key])] ??= `--${name}`;
    }
  }
  return problems.length > 0 ? failed(...problems) : done({ section: section as SweepSection, optionNames });
}

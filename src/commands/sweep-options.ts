import { splitName } from '../model/instance-name.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { done, failed, type Problem } from '../model/problem.ts';
import { TIME } from '../text/amounts.ts';
import { pointerStep } from '../text/json-pointer.ts';
import type { SweepSection } from '../model/sweep.ts';
import type { Option } from './verb.ts';

/** A part of the file's section that the command line says. */
interface Part {
  /** Keys that lead to it. */
  readonly path: readonly string[];
  readonly value: Json;
  /** The option as it was given. */
  readonly option: string;
}

/** One value of an option as a part of the section, or what it should be and an example. */
type Reading = Omit<Part, 'option'> | { readonly wanted: string; readonly example: string };

const COMPARISONS: Readonly<Record<string, string>> = { '<': 'below', '>': 'above', '<=': 'max', '>=': 'min' };

/** Reads `name=values`: a name may have brackets with signs of equality in them. */
function readAssignment(key: string, text: string, example: string): Reading {
  const { rest = '' } = splitName(text) ?? {};
  const cut = text.length - rest.length + rest.indexOf('=');
  if (!rest.includes('=') || cut + 1 >= text.length)
    return { wanted: 'of the form name=values', example: /^[\w.-]+$/.test(text) ? `${text}=1,2` : example };
  return { path: [key, text.slice(0, cut)], value: text.slice(cut + 1) };
}

/** A bound that can be read, of the metric that is named. */
function constraintExample(text: string): string {
  const [, metric, bound = '3'] = /^([\w.-]+)(?:\s*={1,2}\s*(\S+))?$/.exec(text) ?? [];
  return metric === undefined ? "'export.bytes<=3e6'" : `'${metric}<=${bound}'`;
}

function readConstraint(text: string): Reading {
  const [, metric = '', sign = '', bound = ''] = /^(.+?)\s*(<=|>=|<|>)\s*(\S+)$/.exec(text) ?? [];
  if (bound === '' || Number.isNaN(Number(bound))) return { wanted: 'of the form metric<number', example: constraintExample(text) };
  return { path: ['constraints', metric, COMPARISONS[sign] ?? 'max'], value: Number(bound) };
}

function readCount(key: string, least: 0 | 1) {
  return (text: string): Reading => {
    const isCount = /^\d+$/.test(text) && Number.isSafeInteger(Number(text)) && Number(text) >= least;
    return isCount ? { path: [key], value: Number(text) } : { wanted: `a whole number${least === 0 ? '' : ' above 0'}`, example: '3' };
  };
}

function readTime(text: string): Reading {
  return new RegExp(TIME).test(text)
    ? { path: ['time'], value: text }
    : { wanted: 'a time', example: /^\d+$/.test(text) ? `${text}m, or ${text}s, or ${text}h` : '30m' };
}

/** An option whose values are parts of the section: `read` reads one of them, and `index` counts them. */
function part(flag: string, about: string, read: (text: string, index: number) => Reading, repeatable = false): Option<readonly Part[]> {
  const [name] = flag.split(' ', 1);
  return {
    flag,
    about,
    repeatable,
    read(given) {
      const parts: Part[] = [];
      const problems: Problem[] = [];
      for (const [index, text] of ((given === undefined ? [] : repeatable ? given : [given]) as readonly string[]).entries()) {
        const reading = read(text, index);
        const option = `${name} ${text}`;
        if ('path' in reading) parts.push({ ...reading, option });
        else {
          const hint = `for example ${name} ${reading.example}`;
          problems.push({ kind: 'usage', code: 'bad-option', message: `${option} is not ${reading.wanted}`, hint });
        }
      }
      return problems.length > 0 ? failed(...problems) : done(parts);
    },
  };
}

/** The options that stand in place of keys of the file's section. */
export const sectionOptions = {
  over: part(
    '--over <name=values>',
    'a param and its values (size=32,96) or range (student.lr=log:1e-4..1e-2, batch=8..64); repeatable',
    (text) => readAssignment('over', text, 'student.lr=log:1e-4..1e-2'),
    true,
  ),
  repeat: part(
    '--repeat <name=values>',
    'run every variant with each of these values (seed=1,2,3) and give the spread; repeatable',
    (text) => readAssignment('repeats', text, 'seed=1,2,3'),
    true,
  ),
  strategy: {
    ...part('--strategy <name>', 'grid, one-at-a-time, list, random, tpe or asha', (value) => ({ path: ['strategy'], value })),
    words: ['grid', 'one-at-a-time', 'list', 'random', 'tpe', 'asha'],
  },
  maximize: part(
    '--maximize <metric>',
    'the objective, as node.metric; repeatable',
    (value, index) => ({ path: ['objective', 'maximize', String(index)], value }),
    true,
  ),
  minimize: part(
    '--minimize <metric>',
    'the objective, as node.metric; repeatable',
    (value, index) => ({ path: ['objective', 'minimize', String(index)], value }),
    true,
  ),
  constraint: part(
    '--constraint <bound>',
    "what a variant must keep to be the best ('export.bytes<=3e6'); repeatable",
    readConstraint,
    true,
  ),
  only: part(
    '--only <node>',
    'variants end with this node: nothing downstream of it runs; repeatable',
    (value, index) => ({ path: ['only', String(index)], value }),
    true,
  ),
  trials: part('--trials <count>', 'at most so many variants', readCount('trials', 1)),
  time: part('--time <time>', 'start no variant later than this (90s, 30m, 2h)', readTime),
  parallel: part('--parallel <count>', 'variants at once', readCount('parallel', 1)),
  seed: part('--seed <number>', 'decides what random, tpe and asha propose', readCount('seed', 0)),
};

function pointer(path: readonly string[]): string {
  return path.map(pointerStep).join('');
}

/** A mapping with a value at a path; steps that are numbers lead into lists. */
function withPart(into: Json | undefined, [step, ...rest]: readonly string[], value: Json): Json {
  if (step === undefined) return value;
  if (/^\d+$/.test(step) && (into === undefined || Array.isArray(into))) return [...(into ?? []), withPart(undefined, rest, value)];
  const members = (into ?? {}) as JsonObject;
  return { ...members, [step]: withPart(members[step], rest, value) };
}

/** Parts put together in the form of the file's section, and the option that each came from by JSON pointer below the section. */
export function sectionOf(parts: readonly Part[]): SweepSection & { readonly optionNames: Readonly<Record<string, string>> } {
  let section: Json = {};
  const optionNames: Record<string, string> = {};
  for (const { path, value, option } of parts) {
    section = withPart(section, path, value);
    optionNames[pointer(path)] = option;
    optionNames[pointer(path.slice(0, 2))] = option;
    optionNames[pointer(path.slice(0, 1))] ??= option.split(' ', 1)[0] ?? '';
  }
  return { ...(section as SweepSection), optionNames };
}

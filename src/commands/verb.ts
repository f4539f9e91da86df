import type { Writable } from 'node:stream';
import { done, failed, type Outcome } from '../model/problem.ts';
import { amount } from '../text/amounts.ts';
import type { Project } from '../project/project.ts';
import type { Answer } from './answer.ts';
import type { Starter } from './starter.ts';

/** An option of a verb: how it is written, what it does, and how its value is read. */
export interface Option<Value> {
  /** With its placeholder, such as `--set <name=value>`. */
  readonly flag: string;
  readonly about: string;
  readonly repeatable: boolean;
  /** The values that it may have, where they are few. */
  readonly words?: readonly string[];
  /** Reads what the command line gave: nothing, true, a text, or the texts of a repeatable one. */
  read(given: unknown): Outcome<Value>;
}

/** What help, the manual and shells show of an option. */
export type OptionSummary = Pick<Option<unknown>, 'flag' | 'about' | 'repeatable' | 'words'>;

/** The options that every verb has. */
export const SHARED_OPTIONS: readonly OptionSummary[] = [
  { flag: '--json', about: 'print one JSON object on standard output', repeatable: false },
  { flag: '--store <folder>', about: 'use this store instead of the project’s artifacts/', repeatable: false },
];

/** True if it is given. */
export function flag(text: string, about: string): Option<boolean> {
  return { flag: text, about, repeatable: false, read: (given) => done(given === true) };
}

/** A text. */
export function text(written: string, about: string): Option<string | undefined> {
  return { flag: written, about, repeatable: false, read: (given) => done(given as string | undefined) };
}

/** The texts of all times that it is given; undefined where it is not. */
export function texts(written: string, about: string): Option<readonly string[] | undefined> {
  return { flag: written, about, repeatable: true, read: (given) => done(given as readonly string[] | undefined) };
}

/** A text that `read` makes a value of; `name`: how the option is called in what is wrong with it. */
function valued<Value>(written: string, about: string, read: (text: string, name: string) => Outcome<Value>): Option<Value | undefined> {
  const name = written.split(' ', 1)[0] ?? written;
  return { flag: written, about, repeatable: false, read: (given) => (typeof given === 'string' ? read(given, name) : done(undefined)) };
}

/** A number of at least 0, or a whole one of at least 1 (`whole`). */
export function number(
  written: string,
  about: string,
  { whole = false, hint }: { readonly whole?: boolean; readonly hint?: string } = {},
): Option<number | undefined> {
  return valued(written, about, (given, name) => {
    const value = given.trim() === '' ? Number.NaN : Number(given);
    if (whole ? Number.isInteger(value) && value >= 1 : Number.isFinite(value) && value >= 0) return done(value);
    const message = `${name} ${given} is not a ${whole ? 'whole number above 0' : 'number of 0 or more'}`;
    return failed({ kind: 'usage', code: 'bad-option', message, hint: hint ?? `for example ${name} ${whole ? 10 : 1.5}` });
  });
}

/** What a size is written as that is nearly one: `5GB` is `5GiB`. */
function meant(given: string): string {
  const [, count, unit] = /^([0-9]+(?:\.[0-9]+)?)\s*([KMGT])i?B?$/i.exec(given.trim()) ?? [];
  return unit === undefined ? 'write a number and its unit, such as 500MiB or 50GiB' : `write ${count}${unit.toUpperCase()}iB`;
}

/** A size in bytes. */
export function size(written: string, about: string): Option<number | undefined> {
  return valued(written, about, (given, name) => {
    if (/^[0-9]+(\.[0-9]+)?(KiB|MiB|GiB|TiB)$/.test(given)) return done(amount(given));
    return failed({ kind: 'usage', code: 'bad-option', message: `${name} ${given} is not a size`, hint: meant(given) });
  });
}

/** One of some words. */
export function oneOf<const Word extends string>(written: string, about: string, words: readonly Word[]): Option<Word | undefined> {
  const name = written.split(' ', 1)[0];
  return {
    flag: written,
    about: `${about}: ${words.slice(0, -1).join(', ')} or ${words.at(-1)}`,
    repeatable: false,
    words,
    read(given) {
      const word = words.find((one) => one === given);
      if (word !== undefined || given === undefined) return done(word);
      return failed({ kind: 'usage', code: 'bad-option', message: `${name} ${given} is unknown`, hint: `known: ${words.join(', ')}` });
    },
  };
}

type OptionsOf<Options> = { readonly [Key in keyof Options]: Options[Key] extends Option<infer Value> ? Value : never };

type NameOf<Written> = Written extends `<${infer Name}...>`
  ? Name
  : Written extends `<${infer Name}>`
    ? Name
    : Written extends `[${infer Name}...]`
      ? Name
      : Written extends `[${infer Name}]`
        ? Name
        : never;

type ValueOf<Written> = Written extends `<${string}...>` | `[${string}...]`
  ? readonly string[]
  : Written extends `<${string}>`
    ? string
    : string | undefined;

type ArgumentsOf<Written extends readonly string[]> = { readonly [One in Written[number] as NameOf<One>]: ValueOf<One> };

/** A stream for people or programs. */
export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** Where a command line is called, and where it writes. */
export interface Caller {
  /** Absolute. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What a user types for this program; default: `npx stillroom`. */
  readonly program?: string;
  readonly stdout: Output;
  readonly stderr: Output;
  /** The command that started this one to have it go on by itself. */
  readonly starter?: Starter | undefined;
}

/** What a verb is given beside its arguments and options. It writes only what is no answer: a packed run, progress. */
export interface Invocation extends Caller {
  /** The words of the command line, without the program's name. */
  readonly words: readonly string[];
  /** One JSON object is wanted. */
  readonly json: boolean;
  /** The store that `--store` names. */
  readonly store: string | undefined;
  /** Opens the project of the folder, or that of a pipeline file, with the store that `--store` names. */
  open(options?: {
    readonly file?: string;
    readonly executor?: string | undefined;
    readonly remotes?: readonly string[] | undefined;
  }): Promise<Project>;
}

/** A command of the command line, whatever its arguments and options. */
export interface Verb {
  readonly name: string;
  /** As they are written: `<needed>`, `[optional]`, `<several...>`, `[any...]`. */
  readonly arguments: readonly string[];
  readonly about: string;
  /** A line that shows it at work. */
  readonly example: string;
  /** More of them. */
  readonly examples?: readonly string[];
  /** What else there is to know, in sentences: Markdown in which only code stands out. */
  readonly detail?: string;
  readonly options: Readonly<Record<string, Option<unknown>>>;
  /** Does it. What is given was read by the options. */
  run(given: Readonly<Record<string, unknown>>, invocation: Invocation): Promise<Answer>;
}

/** Declares a verb; `run` is given its arguments and options by their names. */
export function verb<const Written extends readonly string[], Options extends Readonly<Record<string, Option<unknown>>>>(
  definition: Omit<Verb, 'arguments' | 'options' | 'run'> & {
    readonly arguments: Written;
    readonly options: Options;
    run(given: ArgumentsOf<Written> & OptionsOf<Options>, invocation: Invocation): Promise<Answer>;
  },
): Verb {
  return definition as Verb;
}

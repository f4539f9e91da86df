import type { Declaration, OutputDeclaration } from './declaration.ts';
import type { Json, JsonObject } from './json.ts';
import type { JoinedPlot } from './plot.ts';
import type { Metric } from './stage.ts';

/** A file or folder from outside the store. */
export interface Source {
  /** Its name in the file, or its path where a node names it on the spot. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  /** Whether its bytes are kept in the store; undefined: up to 256 MiB. */
  readonly keep?: boolean;
  /** What its links lead to is read in their place, wherever it lies, and kept; otherwise they may lead only to files of the same folder. */
  readonly links?: 'follow';
}

/** A point of a matrix: its variables in the order of the file. */
export type Key = Readonly<Record<string, Json>>;

/** Where one element of an input comes from. */
export type Origin =
  | { readonly kind: 'source'; readonly source: string }
  | { readonly kind: 'output'; readonly instance: string; readonly port: string };

/** One element of an input, with the matrix point of the instance that made it. */
export interface InputElement {
  readonly key: Key;
  readonly origin: Origin;
}

/** A connected input port. */
export interface Input {
  readonly port: string;
  /** A `[]` port: any number of elements, each with its key. */
  readonly many: boolean;
  /** For commands: where the input stands in the working folder, in place of its port's name. */
  readonly at?: string;
  readonly elements: readonly InputElement[];
}

/** A program that a command uses, or a command whose output tells what it uses. */
export type Tool = { readonly program: string } | { readonly run: string };

/** A module that a `param.module` chose. */
export interface ChosenModule {
  /** Absolute. */
  readonly file: string;
  /** Whether its default export is a function of its params: its file exports `params`. */
  readonly takesParams: boolean;
  /** Digest of what its file said of its params when the pipeline was read. */
  readonly declared?: string;
}

/** A virtual environment of Python that somebody made. */
interface MadeEnvironment {
  /** Its folder, as it is written: relative to the project's folder, or absolute. */
  readonly venv: string;
}

/** An environment of Python that is built from a file, once for each content. */
export interface BuiltEnvironment {
  /** The requirements.txt, pyproject.toml, uv.lock or pylock.toml, relative to the project's folder. */
  readonly python: string;
  /** The Python that it is made of: `3.12` or `3.12.1`; undefined: python3 of PATH, or one that the file is for. */
  readonly version?: string;
  /** Of a project: its optional dependencies and dependency groups that are installed too. */
  readonly extras?: readonly string[];
  readonly groups?: readonly string[];
  /** Of a record: the digest of the packages that it was locked to, with their hashes, and that of what was asked for. */
  readonly lock?: string;
  readonly asked?: string;
}

/** The environment that a command's programs are taken from before those of the system. */
export type CommandEnvironment = MadeEnvironment | BuiltEnvironment;

/** What an instance does: a TypeScript stage, or a command. */
export type NodeWork =
  | {
      readonly kind: 'stage';
      readonly stage: string;
      /** The stage's folder, absolute. */
      readonly folder: string;
      readonly declaration: Declaration;
      /** What each `param.module` chose. */
      readonly modules: Readonly<Record<string, ChosenModule>>;
    }
  | {
      readonly kind: 'command';
      /** A shell text, or a program and its arguments with `$name` still to be filled in. */
      readonly run: string | readonly string[];
      readonly tools: readonly Tool[];
      /** Where each output is collected from, relative to the working folder. */
      readonly paths: Readonly<Record<string, string>>;
      /** A file of numbers that the command writes, in JSON, YAML or TOML: its metrics. */
      readonly metrics?: string;
      /** The param that only says how far to go: checkpoints are shared over its values. */
      readonly budget?: string;
      readonly environment?: CommandEnvironment;
      readonly code?: CommandCode;
      /** Of the project it sees only what it declares. It is not hashed: what comes out is the same, or fails. */
      readonly confine?: 'project';
    };

/** The files of a project that a command runs: they stand in its working folder at the paths that they have in the project. */
export interface CommandCode {
  /** A Python program, whose local modules count too. */
  readonly script?: string;
  /** A Python module that is run as a program (`-m`). */
  readonly module?: string;
  /** Folders of the project in which Python looks for modules beside that of the program. */
  readonly search: readonly string[];
  /** Other files, folders and patterns, relative to the project. */
  readonly more: readonly string[];
  /** Of a record: what it was. */
  readonly recorded?: RecordedCode;
}

/** The code of a command as a record names it. */
export interface RecordedCode {
  /** Of what counts of the files: it is content that says it for each. */
  readonly digest: string;
  /** The manifest of the files. */
  readonly files: string;
  readonly size: number;
}

/** A variable of the environment that a node declares. */
export interface EnvironmentVariable {
  readonly name: string;
  /** A literal; undefined: taken from the environment of the run. */
  readonly value?: string;
  /** Passed, never stored and not part of the fingerprint. */
  readonly secret: boolean;
}

/** A node at one point of its matrix. */
export interface Instance {
  readonly node: string;
  readonly key: Key;
  /** `teacher[fold=0]`, or the node's name where it has no matrix. */
  readonly name: string;
  readonly work: NodeWork;
  /** After defaults and references. */
  readonly params: JsonObject;
  /** Of a command: the params that are numbers, but are kept as texts since they are written otherwise than JSON would (`1e-3`). */
  readonly numbers?: readonly string[];
  readonly inputs: readonly Input[];
  readonly outputs: Readonly<Record<string, OutputDeclaration>>;
  readonly metrics: Readonly<Record<string, Metric>>;
  readonly resources: { readonly cpu: number; readonly gpu: number; readonly memory: number };
  readonly env: readonly EnvironmentVariable[];
  /** The executor that the file names; undefined: the one that was chosen for the run. Not part of the fingerprint. */
  readonly executor?: string;
  /** It measures the machine, so it runs alone on it. */
  readonly measures: boolean;
  /** Seconds. */
  readonly timeout?: number;
  readonly retries: number;
}

/** A file that a pipeline takes params from. */
export interface ParamsFile {
  /** Absolute. */
  readonly path: string;
  /** SHA-256 of what it held when it was read. */
  readonly digest: string;
}

/** A pipeline file, read and checked. */
export interface Pipeline {
  readonly name: string;
  readonly about?: string;
  /** Absolute. */
  readonly file: string;
  /** The project's folder: sources and stages are looked up below it. */
  readonly root: string;
  readonly params: JsonObject;
  /** Where params come from that do not stand in the file. */
  readonly paramsFiles?: readonly ParamsFile[];
  readonly sources: Readonly<Record<string, Source>>;
  /** Producers before consumers. */
  readonly instances: readonly Instance[];
  /** The `node.metric` and `node.port` that a run's end shows; empty: those of the last nodes. */
  readonly show: readonly string[];
  /** What is drawn of several outputs together. Never hashed. */
  readonly plots?: readonly JoinedPlot[];
}

/** The params of a work that only say how far it goes. */
export function budgetsOf({ work }: Pick<Instance, 'work'>): readonly string[] {
  if (work.kind === 'command') return work.budget === undefined ? [] : [work.budget];
  const { params } = work.declaration;
  return Object.keys(params).filter((name) => params[name]?.budget === true);
}

/** The names of the instances that an instance takes inputs from, or that a recipe of one does. */
export function producersOf({ inputs }: Pick<Instance, 'inputs'>): string[] {
  const names: string[] = [];
  for (const { elements } of inputs) for (const { origin } of elements) if (origin.kind === 'output') names.push(origin.instance);
  return names.length < 2 ? names : [...new Set(names)];
}

/** The named nodes with all that they need; undefined: all. */
export function withProducers(instances: readonly Instance[], only: ReadonlySet<string> | undefined): readonly Instance[] {
  if (only === undefined) return instances;
  const wanted = new Set(only);
  for (const instance of instances.toReversed()) if (wanted.has(instance.name)) for (const name of producersOf(instance)) wanted.add(name);
  return instances.filter(({ name }) => wanted.has(name));
}

/** The names of the sources that instances read. */
export function sourcesOf(instances: readonly Pick<Instance, 'inputs'>[]): string[] {
  const names = new Set<string>();
  for (const { inputs } of instances)
    for (const { elements } of inputs) for (const { origin } of elements) if (origin.kind === 'source') names.add(origin.source);
  return [...names];
}

import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { parse as parseToml } from 'smol-toml';
import { namesIn } from '../../files/folder.ts';
import { isObject } from '../../files/json.ts';
import { done, failed, type Outcome } from '../../model/problem.ts';
import { nearest, suggestion } from '../../text/suggestion.ts';
import { INSTEAD_OF_CONDA } from './conda.ts';
import { hasCredentials, logicalLines, readLock, readPylock } from './locked.ts';

/** What a file asks for, as far as it counts. */
export interface Asked {
  /** As messages name it. */
  readonly shown: string;
  /** The file that uv is given, absolute. */
  readonly file: string;
  /** `requirements` and `project` must be locked; a `project-lock` is a uv.lock, from which a lock is made without the network. */
  readonly kind: 'requirements' | 'project' | 'project-lock' | 'locked';
  /** All that decides what is locked: the file and those that it names. */
  readonly text: string;
  /** Where packages are found, as uv reads it in requirements. It may hold addresses and names of variables, and is never recorded. */
  readonly options: readonly string[];
  /** All files that it is read from, absolute. */
  readonly files: readonly string[];
  /** Of a project: what is installed beside its dependencies. */
  readonly more?: More;
  /** Of `locked`: the lock in its one form. */
  readonly lock?: string;
  /** The versions of Python that the file is for, such as `>=3.11`. */
  readonly requires?: string;
}

/** What of a project is installed beside its dependencies, by name. */
export interface More {
  readonly extras?: readonly string[] | undefined;
  readonly groups?: readonly string[] | undefined;
}

function refused(message: string, hint: string): Outcome<never> {
  return failed({ kind: 'pipeline', code: 'bad-environment', message, hint });
}

/** Files of others, and what to give in their place. */
const FOREIGN: readonly (readonly [name: RegExp, hint: string])[] = [
  [/^(?:environment|conda)[\w.-]*\.ya?ml$|^conda-lock/, INSTEAD_OF_CONDA],
  [/^poetry\.lock$/, 'write it as requirements: poetry export --output requirements.txt'],
  [/^Pipfile(?:\.lock)?$/, 'write it as requirements: pipenv requirements --hash > requirements.txt'],
  [/^setup\.(?:py|cfg)$/, 'name a pyproject.toml, or a requirements.txt'],
];

/** Reads what a file asks for: a requirements.txt, pyproject.toml, uv.lock or pylock.toml. `shown`: as the pipeline names it. */
export function readAsked(shown: string, root: string, more: More = {}): Outcome<Asked> {
  const file = resolve(root, shown);
  const name = basename(file);
  const foreign = FOREIGN.find(([known]) => known.test(name));
  if (foreign !== undefined) return refused(`the environment ${shown} is of a kind that is not built`, foreign[1]);
  if (!existsSync(file)) return refused(`the environment's file ${shown} is not there`, hintOfMissing(shown, file));
  const isProject = name === 'uv.lock' || name === 'pyproject.toml';
  if (!isProject && (more.extras !== undefined || more.groups !== undefined))
    return refused(`${shown} has no extras or groups`, 'they are those of a project: name its pyproject.toml or uv.lock, or remove them');
  if (/^pylock(?:\.[^.]+)?\.toml$/.test(name)) return readLockedFile(shown, file);
  if (name === 'uv.lock') return readProject(shown, dirname(file), more, true);
  if (name === 'pyproject.toml') return readProject(shown, dirname(file), more, existsSync(join(dirname(file), 'uv.lock')));
  if (/\.(?:txt|in)$/.test(name)) return readRequirements(shown, file);
  return refused(
    `the environment's file ${shown} is of no kind that is known`,
    'name a requirements.txt, pyproject.toml, uv.lock or pylock.toml',
  );
}

/** What is meant by a file that is not there. */
function hintOfMissing(shown: string, file: string): string {
  const there = namesIn(dirname(file)).filter((name) => /\.(?:txt|in|toml|lock)$/.test(name));
  const near = nearest(basename(file), there, 2);
  return near === undefined
    ? 'make it, or correct its path: it is relative to the project'
    : `did you mean "${join(dirname(shown), near)}"? The path is relative to the project`;
}

function readLockedFile(shown: string, file: string): Outcome<Asked> {
  const text = readFileSync(file, 'utf8');
  const lock = readPylock(text);
  if ('flaw' in lock)
    return refused(`${shown} cannot be used: ${lock.flaw}`, 'lock it anew without what it names: uv export --format pylock.toml');
  const requires = requiredPython(text);
  return done({
    shown,
    file,
    kind: 'locked',
    text,
    options: [],
    files: [file],
    lock: lock.text,
    ...(requires === undefined ? {} : { requires }),
  });
}

/** The `requires-python` of a TOML text, wherever it stands: a lock has it at its top, a project in its table. */
function requiredPython(text: string): string | undefined {
  return /^\s*requires-python\s*=\s*["']([^"']+)["']/m.exec(text)?.[1];
}

/** A project's folder, with a lock or without; of its pyproject.toml only what decides what is installed. */
function readProject(shown: string, folder: string, more: More, isLocked: boolean): Outcome<Asked> {
  const file = join(folder, 'pyproject.toml');
  if (!existsSync(file)) return refused(`beside ${shown} is no pyproject.toml`, 'put them into one folder: uv reads both');
  const text = readFileSync(file, 'utf8');
  let read: Readonly<Record<string, unknown>>;
  try {
    read = parseToml(text);
  } catch (error) {
    return refused(`${shown}: pyproject.toml is no TOML: ${(error as Error).message.split('\n')[0]}`, 'correct it');
  }
  const { project, tool } = read;
  if (!isObject(project)) return refused(`${shown}: pyproject.toml has no [project]`, 'name its packages there: dependencies = ["numpy"]');
  const { dependencies = [], 'requires-python': requires } = project;
  const local = (Array.isArray(dependencies) ? dependencies : []).find((one) => typeof one === 'string' && isLocal(one));
  if (local !== undefined) return refusedLocal(shown, String(local));
  const uv = isObject(tool) ? (tool['uv'] ?? null) : null;
  const optional = { extras: project['optional-dependencies'], groups: read['dependency-groups'] };
  const unknown = notThere(more.extras, optional.extras) ?? notThere(more.groups, optional.groups);
  if (unknown !== undefined) return refused(`the project of ${shown} has no extra or group "${unknown.name}"`, unknown.hint);
  const chosen = more.extras === undefined && more.groups === undefined ? {} : { more, optional };
  const counts = JSON.stringify({ name: project['name'], dependencies, requires, uv, ...chosen });
  const lock = isLocked ? readFileSync(join(folder, 'uv.lock'), 'utf8') : '';
  const python = typeof requires === 'string' ? { requires } : {};
  return done({
    shown,
    file,
    kind: isLocked ? 'project-lock' : 'project',
    text: `${counts}\n${lock}`,
    options: [],
    files: [file, join(folder, 'uv.lock')],
    more,
    ...python,
  });
}

/** The first of some names that a table does not have, and what may be meant; names that differ only by case and signs are one (PEP 685). */
function notThere(names: readonly string[] = [], table: unknown): { readonly name: string; readonly hint: string } | undefined {
  const normal = (name: string): string => name.toLowerCase().replaceAll(/[-_.]+/g, '-');
  const there = isObject(table) ? Object.keys(table) : [];
  const name = names.find((one) => !there.some((known) => normal(known) === normal(one)));
  return name === undefined ? undefined : { name, hint: there.length === 0 ? 'its pyproject.toml names none' : suggestion(name, there) };
}

/** Whether a requirement is a file or folder of this machine. */
function isLocal(requirement: string): boolean {
  const [what = ''] = requirement.split(/\s+(?:;|--hash)/);
  return /^(?:\.{0,2}\/|\.{1,2}$|file:|~)|@\s*file:/.test(what) || (/\.(?:whl|zip|tar\.gz)$/.test(what) && !what.includes('://'));
}

function refusedLocal(place: string, requirement: string): Outcome<never> {
  if (/^\S+\s+@\s*file:/.test(requirement))
    return refused(
      `${place} asks for what lies on this machine: ${requirement}`,
      'write its version in its place: name==1.0; where pip freeze wrote it, pip list --format=freeze writes versions',
    );
  const hint = requirement.includes('.whl')
    ? 'name the folder of the wheel, and the package by its version: --find-links wheels, then name==1.0'
    : 'give its code to the node as an input, or build a wheel and name its folder: --find-links wheels, then name==1.0';
  return refused(`${place} asks for what lies on this machine: ${requirement}`, hint);
}

/** Options of requirements that name another file. */
const NESTED = /^(-r|--requirement|-c|--constraint)(?:\s*=\s*|\s+|(?=[^-\s=]))(.+)$/;

const EDITABLE = /^(?:-e|--editable)(?:\s*=\s*|\s+)(.+)$/;

const FOUND_IN = /^(?:-f|--find-links)(?:\s*=\s*|\s+)(.+)$/;

/** What requirements come to, with those that they name. */
interface Gathered {
  readonly texts: string[];
  readonly lines: string[];
  readonly options: string[];
  readonly seen: Set<string>;
  hasConstraints: boolean;
}

function readRequirements(shown: string, file: string): Outcome<Asked> {
  const gathered: Gathered = { texts: [], lines: [], options: [], seen: new Set(), hasConstraints: false };
  const read = gather(shown, file, gathered);
  if (!read.ok) return read;
  const { texts, lines, options, seen, hasConstraints } = gathered;
  const asked = { shown, file, text: texts.join('\n'), options, files: [...seen] };
  const lock = hasConstraints ? undefined : readLock(lines.join('\n'));
  return done(lock !== undefined && 'text' in lock ? { ...asked, kind: 'locked', lock: lock.text } : { ...asked, kind: 'requirements' });
}

function gather(shown: string, file: string, gathered: Gathered): Outcome<void> {
  if (gathered.seen.has(file)) return done(undefined);
  gathered.seen.add(file);
  const text = readFileSync(file, 'utf8').replace(/^\ufeff/, '');
  if (text.includes('\0')) return refused(`${shown} is not UTF-8, but UTF-16 or no text`, 'save it as UTF-8');
  const kept: string[] = [];
  for (const { line, number } of logicalLines(text)) {
    const place = `${shown}:${number}`;
    const editable = EDITABLE.exec(line)?.[1];
    if (editable !== undefined || isLocal(line)) return refusedLocal(place, line);
    const [, option = '', nested] = NESTED.exec(line) ?? [];
    const folder = FOUND_IN.exec(line)?.[1];
    if (nested !== undefined) {
      if (option.includes('c')) gathered.hasConstraints = true;
      const inner = gatherNested(place, resolve(dirname(file), nested), gathered);
      if (!inner.ok) return inner;
    } else if (folder !== undefined && !folder.includes('://')) gathered.options.push(`--find-links ${resolve(dirname(file), folder)}`);
    else if (line.startsWith('-')) gathered.options.push(line);
    else if (hasCredentials(line))
      return refused(
        `${place} has a name or password in an address`,
        'leave it out: uv takes it from ~/.netrc, or from a variable UV_INDEX_…_PASSWORD',
      );
    else gathered.lines.push(line);
    kept.push(line);
  }
  gathered.texts.push(kept.join('\n'));
  return done(undefined);
}

function gatherNested(place: string, file: string, gathered: Gathered): Outcome<void> {
  if (!existsSync(file))
    return refused(
      `${place} names ${basename(file)}, which is not there`,
      'make it, or correct its path: it is relative to the file that names it',
    );
  return gather(`${basename(file)}`, file, gathered);
}

import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { basename, dirname, extname, join, posix, relative, resolve } from 'node:path';
import { isOutside } from '../../files/folder.ts';
import { programsIn } from '../../files/programs.ts';
import type { JobSpecification } from '../../model/job.ts';
import { failedCell, lookedAt, missingForNotebooks, notebookOfJob } from './notebook.ts';
import { nearest } from '../../text/suggestion.ts';

/** Why a command failed, by what it printed last, and what to do. */
export interface Cause {
  readonly message: string;
  readonly hint?: string;
}

/** A command that ended, with its last lines. */
interface Ended {
  readonly job: JobSpecification;
  readonly exitCode: number;
  readonly lines: readonly string[];
}

type Find = (ended: Ended) => Cause | undefined;

/** The first match of a pattern, from the last line on upward. */
function found(lines: readonly string[], pattern: RegExp): RegExpExecArray | undefined {
  for (const line of lines.toReversed()) {
    const match = pattern.exec(line);
    if (match !== null) return match;
  }
  return undefined;
}

/** A shell text; undefined: the command has none. */
function textOf({ program }: JobSpecification): string | undefined {
  return program.kind === 'command' && typeof program.run === 'string' ? program.run : undefined;
}

/** The input that stands at a path of the working folder. */
function inputAt({ inputs }: JobSpecification, path: string): string | undefined {
  const plain = posix.normalize(path);
  return Object.entries(inputs).find(([, at]) => typeof at === 'string' && posix.normalize(at) === plain)?.[0];
}

const INTERPRETERS: Readonly<Record<string, string>> = {
  '.py': 'python3',
  '.r': 'Rscript',
  '.js': 'node',
  '.mjs': 'node',
  '.pl': 'perl',
  '.jl': 'julia',
  '.rb': 'ruby',
};

/** How a file is started that may not be executed, or is not found as a program. */
function startedBy(path: string, port: string | undefined): string {
  return `${INTERPRETERS[extname(path).toLowerCase()] ?? 'bash'} ${port === undefined ? path : `"$${port}"`}`;
}

const programMissing: Find = ({ job, exitCode, lines }) => {
  if (exitCode !== 127) return undefined;
  const [, name = ''] = found(lines, /(?:^|: )([^\s:]+): (?:command )?not found$/) ?? [];
  if (name === '') return { message: 'a program was not found' };
  const message = `the program "${name}" was not found`;
  const port = inputAt(job, name);
  if (port !== undefined) return { message, hint: `it is an input: start it by its interpreter: ${startedBy(name, port)}` };
  const near = nearest(name, programsIn(job.env['PATH'] ?? ''), 1);
  return {
    message,
    hint: near === undefined ? 'install it, or add what it is to "in" if it is a file of yours' : `did you mean "${near}"?`,
  };
};

/** How programs say that a file is not there. */
const NOT_THERE: readonly RegExp[] = [
  /can't open file '([^']+)': \[Errno 2\]/,
  /No such file or directory: '([^']+)'/,
  /no such file or directory, \w+ '([^']+)'/,
  /[Cc]annot (?:open|access|stat|find module)(?: file)? [`'\u2018"]?([^`'\u2019":\s]+)[`'\u2019"]?(?: for reading)?(?:: No such file|$)/,
  /(?:^|[\s:'"`])([^\s:'"`]+)'?: No such file or directory/,
];

/** A path as a command writes it, whatever folder of the attempt it was found to lie in. */
function ownPath(path: string, { folder }: JobSpecification): string {
  for (const [inside, shown] of [
    ['work', ''],
    ['home', '~/'],
  ] as const)
    if (path.startsWith(`${join(folder, inside)}/`)) return shown + path.slice(join(folder, inside).length + 1);
  return path.replace(/^\.\//, '');
}

/** The path by which a pipeline file names what lies at a path below its folder or its project. */
function pathFromFile(path: string, origin: JobSpecification['origin']): string {
  if (origin === undefined) return `./${path}`;
  const at = [origin.folder, origin.project].map((folder) => join(folder, path)).find((one) => existsSync(one));
  const shown = at === undefined ? path : relative(origin.folder, at);
  return shown.startsWith('.') ? shown : `./${shown}`;
}

/** A name for an input that is a file. */
function inputName(path: string): string {
  const name = basename(path).replace(/\.[^.]*$/, '');
  return (
    name
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '_')
      .replace(/^[^a-z]+/, '') || 'file'
  );
}

/** What lies in the project at a path that a confined command did not find, relative to the project; undefined: nothing, or it is not confined. */
function hiddenPath(path: string, { folder, program }: JobSpecification): string | undefined {
  const project = program.kind === 'command' ? program.hidden?.folder : undefined;
  if (project === undefined) return undefined;
  const whole = resolve(folder, 'work', path);
  return isOutside(project, whole) || !isOutside(folder, whole) || !existsSync(whole) ? undefined : relative(project, whole);
}

const fileMissing: Find = ({ job, lines }) => {
  const [, written] = NOT_THERE.map((pattern) => found(lines, pattern)).find((match) => match !== undefined) ?? [];
  if (written === undefined) return undefined;
  const path = ownPath(written, job);
  const message = `it found no "${path}"`;
  if (path.startsWith('~/'))
    return {
      message,
      hint: `a command's home is an empty folder: name the file among the sources by its whole path, and read it from "in"`,
    };
  const hidden = hiddenPath(path, job);
  if (hidden !== undefined)
    return {
      message: `it read "${hidden}", which it does not declare`,
      hint: `declare it: in: { ${inputName(hidden)}: ${pathFromFile(hidden, job.origin)} }, or code: [${pathFromFile(hidden, job.origin).replace(/^\.\//, '')}]; confine: none lets it see the whole project`,
    };
  const same = Object.entries(job.inputs).find(([, at]) => typeof at === 'string' && basename(at) === basename(path));
  if (same !== undefined) return { message, hint: `the input "${same[0]}" stands at ${String(same[1])}: write "$${same[0]}"` };
  if (path.startsWith('/'))
    return { message, hint: 'a command sees the whole machine, but there is no such file: check the path, or make it an input' };
  const { origin, folder } = job;
  const inProject = origin === undefined ? path : relative(origin.project, join(origin.folder, path));
  if (inProject !== path && existsSync(join(folder, 'work', inProject)))
    return { message, hint: `code stands where it does in the project: write ${inProject}` };
  return {
    message,
    hint: `a command sees only its inputs: add in: { ${inputName(path)}: { from: ${pathFromFile(path, job.origin)}, at: ${path} } }`,
  };
};

const notExecutable: Find = ({ job, exitCode, lines }) => {
  if (exitCode !== 126) return undefined;
  const [, path = ''] = found(lines, /(?:^|[\s:])([^\s:]+): Permission denied/) ?? [];
  if (path === '') return undefined;
  const plain = path.replace(/^\.\//, '');
  return {
    message: `it may not execute "${path}"`,
    hint: `start it by its interpreter: ${startedBy(plain, inputAt(job, plain))}; or make the file executable: chmod +x`,
  };
};

/** Commands that end before they have read all. */
const EARLY = /([^|;&\n]+?)\|\s*((?:head|grep -\w*[qm]|sed -\w*n? ?\S*q|awk|less|more|read)\b[^|;&\n]*)/;

const brokenPipe: Find = ({ job, exitCode }) => {
  if (exitCode !== 141) return undefined;
  const [, writer = 'PROGRAM', reader = 'head'] = EARLY.exec(textOf(job) ?? '') ?? [];
  return {
    message: `"${reader.trim().split(' ', 1)[0]}" had read enough of what "${writer.trim()}" wrote`,
    hint: `with "pipefail" that is a failure; allow it: (${writer.trim()} || [ $? = 141 ]) | ${reader.trim().replace(/\s*>.*$/, '')}`,
  };
};

const shellSyntax: Find = ({ lines }) => {
  const [, sign] = found(lines, /unexpected EOF while looking for matching [`'](.)'/) ?? [];
  if (sign !== undefined)
    return { message: `a ${sign} in its text is not closed`, hint: `close it in "run"; a ${sign} itself is written \\${sign}` };
  const [, token] = found(lines, /syntax error near unexpected token [`'](.+)'/) ?? [];
  if (token !== undefined)
    return {
      message: `bash does not understand the "${token}" in its text`,
      hint: 'quote it if it is part of a text, or close what stands before it',
    };
  return found(lines, /syntax error: unexpected end of file/) === undefined
    ? undefined
    : { message: 'a block of its text is not closed', hint: 'close each if with fi, each for and while with done, each { with ; }' };
};

const folderRead: Find = ({ job, lines }) => {
  if (found(lines, /Is a directory/) === undefined) return undefined;
  const folders = Object.entries(job.inputs).filter(
    ([, at]) => typeof at === 'string' && lstatSync(join(job.folder, 'work', at), { throwIfNoEntry: false })?.isDirectory() === true,
  );
  const [port] = folders[0] ?? [];
  return {
    message: port === undefined ? 'it read a folder as if it were a file' : `its input "${port}" is a folder, and it reads a file`,
    hint: port === undefined ? 'name a file in it' : `connect a file, or name one in it: "$${port}/NAME"`,
  };
};

/** Where the project has a module that a program did not find, as the pipeline file names it; undefined where it has none. */
function moduleInProject(name: string, { origin, program }: JobSpecification): string | undefined {
  if (origin === undefined || program.kind !== 'command') return undefined;
  const path = name.replaceAll('.', '/');
  const folders =
    typeof program.run === 'string' ? [] : program.run.filter((word) => /\.(?:py|ipynb)$/.test(word)).map((word) => dirname(word));
  const places = ['.', ...folders].flatMap((folder) => [`${path}.py`, `${path}/__init__.py`].map((file) => join(folder, file)));
  const found = [...places, ...places.map((file) => file.replace(/\.py$/, ''))].find((file) => existsSync(join(origin.project, file)));
  return found === undefined ? undefined : relative(origin.folder, join(origin.project, found.replace(/\/__init__\.py$/, '/')));
}

/** The folder of the project that has a module in which no program was to look for it; undefined where none has. */
function folderOfModule(name: string, { origin }: JobSpecification): string | undefined {
  if (origin === undefined) return undefined;
  const path = name.replaceAll('.', '/');
  return readdirSync(origin.project, { withFileTypes: true }).find(
    (one) =>
      one.isDirectory() &&
      !/^\.|^node_modules$/.test(one.name) &&
      [`${path}.py`, `${path}/__init__.py`].some((file) => existsSync(join(origin.project, one.name, file))),
  )?.name;
}

const pythonModule: Find = ({ job, lines }) => {
  const [message = '', name = ''] = found(lines, /ModuleNotFoundError: No module named '([^']+)'/) ?? [];
  if (name === '') return undefined;
  const [module = ''] = name.split('.', 1);
  const own = moduleInProject(name, job);
  const folder = own === undefined ? folderOfModule(name, job) : undefined;
  if (folder !== undefined)
    return { message, hint: `the project has it in ${folder}/: let Python look there, env: { PYTHONPATH: ${folder} }, so that it is code` };
  return {
    message,
    hint:
      own === undefined
        ? `add it to what the environment is built from; or install it for that Python: python3 -m pip install ${module}`
        : `a command sees only what it declares: add code: [${own}], or write python: with the program that imports it`,
  };
};

/** How languages name what a program did not catch. */
const thrown: Find = ({ lines }) => {
  const last = found(lines, /^(?:[\w.]+(?:Error|Exception|Interrupt)\b(?:: .+)?|Error(?: in .+)?: .+)$/);
  return last === undefined ? undefined : { message: last[0] };
};

const unbound: Find = ({ lines }) => {
  const [, name] = found(lines, /(\w+): unbound variable/) ?? [];
  return name === undefined
    ? undefined
    : { message: `nothing set "$${name}"`, hint: `set it in the text, declare it in "with" or "env", or read it as \${${name}-}` };
};

const silent: Find = ({ job, exitCode, lines }) =>
  lines.length > 0 || exitCode !== 1 || textOf(job) === undefined
    ? undefined
    : {
        message: 'one of its commands failed without a word',
        hint: 'write set -x as the first line of "run" to see which; one that may fail is written: COMMAND || true',
      };

const FINDS: readonly Find[] = [
  programMissing,
  notExecutable,
  brokenPipe,
  pythonModule,
  fileMissing,
  shellSyntax,
  unbound,
  folderRead,
  thrown,
  silent,
];

/** Why a command failed, as far as its exit code and what it printed last tell; undefined where they do not. */
export function causeOf(job: JobSpecification, exitCode: number, lines: readonly string[]): Cause | undefined {
  if (notebookOfJob(job) !== undefined) return causeInNotebook({ job, exitCode, lines });
  return firstCause({ job, exitCode, lines });
}

function firstCause(ended: Ended): Cause | undefined {
  for (const find of FINDS) {
    const cause = find(ended);
    if (cause !== undefined) return cause;
  }
  return undefined;
}

/** A cell fails for the reasons of any program; what there is to be said of those is said beside which cell it was. */
function causeInNotebook(ended: Ended): Cause | undefined {
  const missing = missingForNotebooks(ended.lines);
  const failed = failedCell(ended.lines);
  if (failed === undefined) return missing ?? firstCause(ended);
  const known = [pythonModule, fileMissing, folderRead]
    .map((find) => find({ ...ended, lines: [failed.why] }))
    .find((one) => one !== undefined);
  return { message: `${failed.cell}: ${failed.why}`, hint: known?.hint ?? lookedAt(ended.job) };
}

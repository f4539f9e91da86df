import { existsSync } from 'node:fs';
import { basename, relative, resolve } from 'node:path';
import { isOutside } from '../../files/folder.ts';
import { notebookRun } from '../../model/notebook.ts';
import type { CommandCode, NodeWork } from '../../model/pipeline.ts';
import { pointerStep } from '../../text/json-pointer.ts';
import type { NodeContext } from './context.ts';
import type { FileNode } from './file-node.ts';

type CommandWork = NodeWork & { readonly kind: 'command' };

/** The program that runs Python programs, as PATH or the environment has it. */
const PYTHON = 'python3';

/** Options of Python that take a value of their own. */
const WITH_VALUE = new Set(['-W', '-X', '--check-hash-based-pycs']);

/** The words of a Python command: its arguments, and where among them the program or module stands; -1: nowhere. */
interface PythonWords {
  readonly words: readonly string[];
  readonly at: number;
  readonly isModule: boolean;
}

function wordsOf(python: NonNullable<FileNode['python']>): PythonWords {
  const words = typeof python === 'string' ? [python] : python.map(String);
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word === '-m') return { words, at: words[at + 1] === undefined ? -1 : at + 1, isModule: true };
    if (/^-[bBdEiIOPqsSuvx]+m$/.test(word)) return { words, at: words[at + 1] === undefined ? -1 : at + 1, isModule: true };
    if (/^-[bBdEiIOPqsSuvx]*c/.test(word) || word === '-') return { words, at: -1, isModule: false };
    if (!word.startsWith('-')) return { words, at, isModule: false };
    if (WITH_VALUE.has(word)) at += 1;
  }
  return { words, at: -1, isModule: false };
}

/** What a command executes: its words, and the files of the project that it runs. */
export function commandRun(node: FileNode, base: string, context: NodeContext): Pick<CommandWork, 'run' | 'code'> {
  const more = (node.code ?? []).map((path, index) => inProject(path, `${base}/code/${index}`, context));
  const search = searchOf(node);
  if (node.notebook !== undefined) return notebookCode(node.notebook, `${base}/notebook`, { search, more }, context);
  if (node.python === undefined) {
    const run = typeof node.run === 'string' ? node.run : (node.run ?? []).map(String);
    return { run, ...(more.length === 0 ? {} : { code: { search, more } }) };
  }
  const { words, at, isModule } = wordsOf(node.python);
  const program = words[at];
  const pointer = `${base}/python`;
  if (program === undefined) {
    const hint = 'write python: train.py, python: [train.py, --verbose], or python: [-m, package.module]; for anything else run:';
    context.problems.push(context.locate.problem('missing-key', '"python" names no program', pointer, 'value', hint));
    return { run: [PYTHON] };
  }
  if (isModule) return { run: [PYTHON, ...words], code: { module: program, search, more } };
  const script = inProject(program, typeof node.python === 'string' ? pointer : `${pointer}/${at}`, context);
  return { run: [PYTHON, ...words.with(at, script)], code: { script, search, more } };
}

/** A notebook counts as the program of a command that executes it. */
function notebookCode(
  written: string,
  pointer: string,
  beside: Pick<CommandCode, 'search' | 'more'>,
  context: NodeContext,
): Pick<CommandWork, 'run' | 'code'> {
  if (!written.endsWith('.ipynb')) {
    const hint = /\.py$/.test(written) ? `a program is named so: python: ${written}` : 'name a file that ends in .ipynb';
    context.problems.push(context.locate.problem('bad-path', `"${written}" is no notebook`, pointer, 'value', hint));
  }
  const script = inProject(written, pointer, context);
  return { run: notebookRun(script), code: { script, ...beside } };
}

/** The outputs of a command as it writes them; a notebook has two of itself, wherever it does not say where they are written. */
export function outputsWritten({ notebook, out }: FileNode): NonNullable<FileNode['out']> | undefined {
  if (notebook === undefined) return out;
  const name = basename(notebook, '.ipynb').replaceAll('$', '');
  return { notebook: `${name}.executed.ipynb`, page: `${name}.html`, ...out };
}

/** The tools of a command: the Python that it starts is one. */
export function withPython(node: FileNode, tools: CommandWork['tools']): CommandWork['tools'] {
  const isNamed = tools.some((tool) => 'program' in tool && tool.program === PYTHON);
  return (node.python === undefined && node.notebook === undefined) || isNamed ? tools : [...tools, { program: PYTHON }];
}

/** Folders in which Python looks for modules, as the node's variables say. */
function searchOf({ env }: FileNode): CommandCode['search'] {
  const path = env === undefined || Array.isArray(env) ? undefined : (env as Readonly<Record<string, unknown>>)['PYTHONPATH'];
  if (typeof path !== 'string' || path.includes('$')) return [];
  return path.split(':').filter((folder) => folder !== '' && !folder.startsWith('/') && !folder.startsWith('..'));
}

/** A path or pattern as it is in the project: as it is written it begins at the file's folder, or else at the project's. */
function inProject(written: string, pointer: string, { locate, problems, folder, root }: NodeContext): string {
  const fixed = written.split('/').findIndex((part) => /[*?[{]/.test(part));
  const start = fixed === -1 ? written : written.split('/').slice(0, fixed).join('/') || '.';
  const from = !existsSync(resolve(folder, start)) && existsSync(resolve(root, start)) ? root : folder;
  const path = relative(root, resolve(from, written));
  if (isOutside(root, resolve(from, start)) || path === '') {
    const hint = 'name files of the project; what lies elsewhere is a source: name it below "sources"';
    problems.push(locate.problem('bad-path', `"${written}" is not in the project`, pointer, 'value', hint));
  }
  return path;
}

/** The arguments in which a command of Python names variables. */
export function pythonArguments({ python }: FileNode): readonly string[] | undefined {
  return python === undefined ? undefined : typeof python === 'string' ? [python] : python.map(String);
}

/** Where a node says what it executes. */
export function executedAt(name: string, { python }: FileNode): string {
  return `/stages${pointerStep(name)}/${python === undefined ? 'run' : 'python'}`;
}

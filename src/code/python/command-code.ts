import { execFile } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { isOutside, namesIn } from '../../files/folder.ts';
import { isObject, parseJson } from '../../files/json.ts';
import { readPlain } from '../../files/plain.ts';
import { trustedStamp } from '../../files/stamp.ts';
import { digestOf, sha256 } from '../../model/canonical.ts';
import { installation } from '../../model/installation.ts';
import type { CommandCode } from '../../model/pipeline.ts';
import { done, failed, type Outcome, type Problem } from '../../model/problem.ts';
import type { Artifacts } from '../../model/store.ts';
import { nearestFile } from '../../text/suggestion.ts';
import { folderListing, type Glance, remembered } from '../readings.ts';

/** Raise it when what counts of a program changes, or what is remembered of one. */
const FORMAT = 2;

/** What our own module does for programs: raised by hand when that changes in a way that can change results. */
const STILLROOM_MODULE = 1;

/** Code that is larger is data: a source is hashed and kept better. */
const MOST = { files: 2000, bytes: 64 * 1024 * 1024 };

/** Seconds that taking programs apart may take. */
const PATIENCE = 60;

/** The code of a command as it is now. */
export interface FoundCode {
  /** Digest of what counts of each file, by its path: content of that digest says it. */
  readonly digest: string;
  /** The manifest of the files. */
  readonly files: string;
  readonly size: number;
  /** Of the files, relative to the project. */
  readonly paths: readonly string[];
}

/** The same with what its stamps do not tell. */
interface RememberedCode extends FoundCode {
  /** The files that may be executed. */
  readonly executable: readonly string[];
}

/** What finding a command's code needs. */
export interface CodeSurroundings {
  readonly root: string;
  readonly cache: string;
  /** The store's folder: nothing in it is code. */
  readonly store: string;
  readonly artifacts: Pick<Artifacts, 'add' | 'addFolder' | 'read' | 'manifest'>;
  /** Why nothing can be kept: then code is only looked at. */
  readonly unwritable: object | undefined;
  /** The Python that takes programs apart: the one that runs them, or any. */
  readonly python: () => Outcome<string>;
  readonly glance?: Glance | undefined;
}

/** A file that was found. */
interface Scanned {
  readonly path: string;
  readonly bytes: string;
  readonly counts: string;
  /** What is kept and executed in place of its bytes. */
  readonly content?: string;
}

interface ScanError {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

interface Scan {
  readonly files: readonly Scanned[];
  readonly folders: readonly string[];
  readonly usesStillroom: boolean;
  readonly error: ScanError | null;
}

const isScan = (value: unknown): value is Scan => isObject(value) && Array.isArray(value['files']) && Array.isArray(value['folders']);

function problem(message: string, hint: string): Problem {
  return { kind: 'pipeline', code: 'missing-code', message, hint };
}

/**
 * Finds the code of a command: its program with the local modules that it imports, by Python's own parser, and what it names beside. Nothing of
 * it is executed. What was found before is trusted as long as none of the files and folders that were looked at has changed.
 */
export async function commandCode(code: CommandCode, around: CodeSurroundings): Promise<Outcome<FoundCode>> {
  const { root, cache, artifacts, glance } = around;
  const named = await namedFiles(code, around);
  if (!named.ok) return named;
  const asked = { script: code.script ?? null, module: code.module ?? null, search: code.search, files: named.value };
  const memory = {
    file: join(cache, 'command-code', `${digestOf({ root, ...asked })}.json`),
    version: String(FORMAT),
    glance,
    usable: (found: RememberedCode) =>
      found.paths.every((path) => isExecutable(join(root, path)) === found.executable.includes(path)) &&
      (around.unwritable !== undefined || (artifacts.read(found.digest) !== undefined && artifacts.manifest(found.files) !== undefined)),
  };
  return remembered(memory, async () => {
    const scan = await scanned(asked, around);
    if (!scan.ok) return scan;
    const { files, folders } = scan.value;
    const stamps = files.flatMap(({ path, bytes }) => onTheWay(join(root, path)).map((one) => [one, trustedStamp(one), bytes] as const));
    const kept = keep(scan.value, around);
    if (!kept.ok) return kept;
    const listings = folders.map((folder) => [join(root, folder), folderListing(join(root, folder))] as const);
    return done({ readings: { files: stamps, manifests: [], listings, packages: [] }, value: kept.value });
  });
}

/** A file, and what its links lead to one after the other: each may come to lead elsewhere. */
function onTheWay(path: string): readonly string[] {
  const found = [path];
  for (let at = path; lstatSync(at).isSymbolicLink(); found.push(at)) at = resolve(dirname(at), readlinkSync(at));
  return found;
}

/** The files that are named one by one, in folders or by patterns, relative to the project. */
async function namedFiles({ script, more }: CommandCode, around: CodeSurroundings): Promise<Outcome<readonly string[]>> {
  const { root } = around;
  const found = new Set<string>(script === undefined ? [] : [script]);
  if (script !== undefined && !isFile(join(root, script)))
    return failed(
      existsSync(join(root, script))
        ? problem(`"${script}" is no file`, 'name a program, or a module: python: [-m, package.module]')
        : problem(`the program "${script}" does not exist`, meantBy(script, root)),
    );
  for (const [index, pattern] of more.entries()) {
    const files = await matching(pattern, around);
    const hint = 'name files, folders or patterns, relative to the pipeline file';
    if (files.length === 0) return failed({ ...problem(`"code" names "${pattern}", where nothing lies`, hint), pointer: `/code/${index}` });
    for (const file of files) found.add(file);
  }
  const outside = [...found].find((path) => isOutside(realpathSync(root), realpathSync(join(root, path))));
  if (outside !== undefined)
    return failed(problem(`the code "${outside}" lies outside of the project`, 'what lies elsewhere is a source: name it below "sources"'));
  return done([...found].sort());
}

/** What to write in place of a program that is not there: arguments apart from it, the nearest name beside it, or where a folder has it. */
function meantBy(script: string, root: string): string {
  const [program = '', ...words] = script.split(/\s+/);
  if (words.length > 0 && isFile(join(root, program))) return `arguments stand in a list: python: [${[program, ...words].join(', ')}]`;
  const beside = nearestFile(
    basename(script),
    namesIn(join(root, dirname(script))).filter((name) => name.endsWith('.py')),
  );
  if (beside !== undefined) return `did you mean ${join(dirname(script), beside)}?`;
  const folder = readdirSync(root, { withFileTypes: true }).find(
    (one) => one.isDirectory() && isFile(join(root, one.name, basename(script))),
  );
  return folder === undefined ? `looked at ${join(root, script)}` : `did you mean ${folder.name}/${basename(script)}?`;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** The files that a name stands for, but what is no code: caches, what is hidden unless it is named, what is installed, and the store. */
async function matching(pattern: string, { root, store }: CodeSurroundings): Promise<readonly string[]> {
  if (isFile(join(root, pattern))) return [pattern];
  const { glob } = await import('tinyglobby');
  const stored = relative(root, store);
  const ignore = ['**/__pycache__/**', '**/*.pyc', '**/node_modules/**', ...(isOutside(root, store) ? [] : [`${stored}/**`])];
  const found = await glob(pattern, { cwd: root, ignore, dot: false, onlyFiles: true, followSymbolicLinks: false });
  const installed = new Map<string, boolean>();
  const isInstalled = (folder: string): boolean => {
    const known = installed.get(folder) ?? (folder !== '.' && (isFile(join(root, folder, 'pyvenv.cfg')) || isInstalled(dirname(folder))));
    installed.set(folder, known);
    return known;
  };
  return found.map((path) => path.replace(/^\.\//, '')).filter((path) => !isInstalled(dirname(path)));
}

interface Asked {
  readonly script: string | null;
  readonly module: string | null;
  readonly search: readonly string[];
  readonly files: readonly string[];
}

async function scanned({ script, module, search, files }: Asked, around: CodeSurroundings): Promise<Outcome<Scan>> {
  const { root } = around;
  const notebook = script?.endsWith('.ipynb') === true ? script : null;
  const hasPrograms = module !== null || notebook !== null || files.some((path) => path.endsWith('.py'));
  if (!hasPrograms) {
    const plain = files.map((path): Scanned => {
      const bytes = sha256(readPlain(join(root, path)));
      return { path, bytes, counts: `bytes:${bytes}` };
    });
    return done({ files: plain, folders: [], usesStillroom: false, error: null });
  }
  const python = around.python();
  if (!python.ok) return python;
  const asked = { root, script, notebook, files, modules: module === null ? [] : [module], search };
  const printed = await run(python.value, JSON.stringify(asked));
  const scan = typeof printed === 'string' ? parseJson(printed, isScan) : undefined;
  if (scan === undefined)
    return failed(
      problem(
        `${python.value} could not take programs apart: ${typeof printed === 'string' ? 'it said nothing' : printed.message}`,
        'Python 3.8 or newer is needed',
      ),
    );
  if (scan.error !== null) {
    const { file, line, column, message } = scan.error;
    const excerpt = readPlain(join(root, file)).toString('utf8').split(/\r?\n/)[line - 1] ?? '';
    const place = { file, line, column: Math.max(1, column), excerpt };
    return failed({
      kind: 'pipeline',
      code: 'missing-code',
      message: `${file} is no ${file === notebook ? 'notebook that can be executed' : 'Python program'}: ${message}`,
      place,
      hint:
        file === notebook
          ? 'notebooks of Python are executed, in the format of Jupyter'
          : 'correct the line; if it is written for a newer Python, name that: environment: { python: requirements.txt, version: … }',
    });
  }
  if (module !== null && scan.files.length === 0)
    return failed(
      problem(
        `there is no module "${module}" in the project`,
        `one that is installed is started by run: python3 -m ${module} …, with code: and what of the project it reads`,
      ),
    );
  return done(scan);
}

function run(python: string, input: string): Promise<string | Error> {
  const script = join(installation, 'src', 'code', 'python', 'scan.py');
  return new Promise((resolve) => {
    const options = { encoding: 'utf8', timeout: PATIENCE * 1000, maxBuffer: 64 * 1024 * 1024, env: {} } as const;
    const child = execFile(python, ['-I', '-S', '-B', script], options, (error, stdout) => resolve(error ?? stdout));
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

function isExecutable(path: string): boolean {
  return ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o111) !== 0;
}

/** What else counts of a file that may be executed by itself: that it may, and the line that says by what. */
function started(file: { readonly content: Buffer; readonly executable: boolean } | undefined): string {
  if (file?.executable !== true) return '';
  const [first = ''] = file.content.subarray(0, 512).toString('latin1').split('\n', 1);
  return first.startsWith('#!') ? ` executable ${first}` : ' executable';
}

/** Keeps the files, and what counts of them; one that has changed since it was hashed is a problem. */
function keep({ files: scan, usesStillroom }: Scan, { root, artifacts, unwritable }: CodeSurroundings): Outcome<RememberedCode> {
  const files = scan.map(({ path, bytes, content: instead }) => {
    const read = readPlain(join(root, path));
    const content = instead === undefined ? read : Buffer.from(instead);
    return { path, content, isSame: sha256(read) === bytes, executable: isExecutable(join(root, path)) };
  });
  const changed = files.find(({ isSame }) => !isSame);
  if (changed !== undefined)
    return failed({
      kind: 'stage',
      code: 'source-changed',
      message: `${changed.path} changed while it was read`,
      hint: 'run again when nobody writes to it',
    });
  const size = files.reduce((sum, { content }) => sum + content.length, 0);
  if (files.length > MOST.files || size > MOST.bytes)
    return failed(
      problem(
        `the code of a command is ${files.length.toLocaleString('en')} files of ${Math.round(size / 1024 / 1024)} MiB`,
        `at most ${MOST.files.toLocaleString('en')} files of 64 MiB: what is data is named below "sources"`,
      ),
    );
  const counted = scan.map(({ path, counts: one }, index) => [path, one + started(files[index])]);
  const own = usesStillroom ? [['the module stillroom', String(STILLROOM_MODULE)]] : [];
  const counts = JSON.stringify(Object.fromEntries([...counted, ...own]));
  const paths = scan.map(({ path }) => path);
  const executable = files.flatMap((file) => (file.executable ? [file.path] : []));
  if (unwritable !== undefined) return done({ digest: sha256(counts), files: '', size, paths, executable });
  const folder = artifacts.addFolder(files);
  return done({ digest: artifacts.add(Buffer.from(counts)), files: folder.digest, size: folder.size, paths, executable });
}

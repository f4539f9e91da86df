import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, lstatSync, readFileSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { namesIn } from '../../files/folder.ts';
import { isObject } from '../../files/json.ts';
import { readSealed, writeSealedNote } from '../../files/sealed.ts';
import { fileStamp, isFresh } from '../../files/stamp.ts';
import { done, failed, type Outcome, type Problem } from '../../model/problem.ts';

/** A Python that is installed. */
export interface Interpreter {
  /** The program, absolute and without links. */
  readonly path: string;
  /** All that counts of it: `3.12.1`; another implementation, or one without the global lock, is named before. */
  readonly told: string;
  /** `3.12.1`. */
  readonly version: string;
  /** What the wheels that it takes depend on: `linux x86_64 glibc`. */
  readonly platform: string;
}

/** Which Python is wanted. */
export interface WantedPython {
  /** As the pipeline names it: `3.12` or `3.12.1`. */
  readonly version?: string | undefined;
  /** The versions that a project is for, such as `>=3.11`. */
  readonly requires?: string | undefined;
}

/** Where Pythons are looked for. */
export interface PythonPlaces {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The project's folder: version managers choose by it. */
  readonly root: string;
  /** A folder of what can be made again. */
  readonly cache: string;
}

interface Noted extends Interpreter {
  readonly stamp: string;
}

type Note = { readonly interpreters: Readonly<Record<string, Noted>> };

const isNote = (value: unknown): value is Note => isObject(value) && isObject(value['interpreters']);

/** What a Python says of itself. */
const PROBE = `import sys, platform, json
free = not getattr(sys, "_is_gil_enabled", lambda: True)()
name = "" if sys.implementation.name == "cpython" else platform.python_implementation() + " "
libc = platform.libc_ver()[0] if sys.platform == "linux" else ""
version = ".".join(map(str, sys.version_info[:3])) + ("" if sys.version_info[3] == "final" else sys.version_info[3][0] + str(sys.version_info[4]))
print(json.dumps([version, name + version + (" free-threaded" if free else ""), " ".join(filter(None, [sys.platform, platform.machine(), libc or ("musl" if sys.platform == "linux" else "")]))]))`;

/** Finds Pythons, and remembers what each said of itself as long as its file stands. */
class Interpreters {
  private readonly places: PythonPlaces;
  private readonly noteFile: string;
  private readonly before: Note['interpreters'];
  private readonly now: Record<string, Noted> = {};

  constructor(places: PythonPlaces) {
    this.places = places;
    this.noteFile = join(places.cache, 'environments', 'interpreters.json');
    this.before = readSealed(this.noteFile, isNote)?.interpreters ?? {};
  }

  /** The Pythons of PATH in its order, those of a name before others; then those that version managers and uv installed. */
  *all(names: readonly string[], elsewhere: boolean): Iterable<Interpreter> {
    const seen = new Set<string>();
    for (const file of this.candidates(names, elsewhere)) {
      const path = programAt(file);
      if (path === undefined || seen.has(path)) continue;
      seen.add(path);
      const found = this.ask(path);
      if (found !== undefined) yield found;
    }
  }

  private *candidates(names: readonly string[], elsewhere: boolean): Iterable<string> {
    const folders = (this.places.environment['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
    for (const folder of folders) {
      for (const name of names) {
        if (basename(folder) === 'shims') yield* this.shimmed(folder, name);
        else yield join(folder, name);
      }
    }
    if (!elsewhere) return;
    const { environment } = this.places;
    const home = environment['HOME'] ?? homedir();
    const data = environment['XDG_DATA_HOME'] ?? join(home, '.local', 'share');
    const installed = [
      join(environment['PYENV_ROOT'] ?? join(home, '.pyenv'), 'versions'),
      join(environment['ASDF_DATA_DIR'] ?? join(home, '.asdf'), 'installs', 'python'),
      join(data, 'mise', 'installs', 'python'),
      environment['UV_PYTHON_INSTALL_DIR'] ?? join(data, 'uv', 'python'),
    ];
    for (const folder of installed) for (const version of namesIn(folder).sort(byVersion)) yield join(folder, version, 'bin', 'python3');
  }

  /** The program that a shim of pyenv or asdf starts here: the shim itself is that of no one version. */
  private *shimmed(folder: string, name: string): Iterable<string> {
    const shim = join(folder, name);
    if (!existsSync(shim)) return;
    const { environment, root } = this.places;
    const home = dirname(folder);
    const chosen = environment['PYENV_VERSION'] ?? versionFile(root) ?? firstLine(join(home, 'version'));
    const version = chosen?.split(/[\s:]/)[0];
    const own = version === undefined ? undefined : join(home, 'versions', version, 'bin', name);
    if (own !== undefined && existsSync(own)) return yield own;
    if (/\d$/.test(name) && name !== 'python3') return;
    const [manager] = /pyenv|asdf|mise/.exec(folder) ?? [];
    if (manager === undefined) return;
    try {
      const env = { ...process.env, ...environment };
      yield execFileSync(manager, ['which', name], { cwd: root, env, stdio: ['ignore', 'pipe', 'ignore'], encoding: 'utf8' }).trim();
    } catch {
      // No version of it is chosen here.
    }
  }

  private ask(path: string): Interpreter | undefined {
    const stats = lstatSync(path, { bigint: true });
    const stamp = isFresh(stats) ? '' : fileStamp(stats);
    const known = this.before[path];
    const noted = known !== undefined && stamp !== '' && known.stamp === stamp ? known : probe(path, stamp);
    if (noted === undefined) return undefined;
    if (noted.stamp !== '') this.now[path] = noted;
    const { stamp: _stamp, ...interpreter } = noted;
    return interpreter;
  }

  close(): void {
    if (Object.entries(this.now).every(([path, { stamp }]) => this.before[path]?.stamp === stamp)) return;
    writeSealedNote(this.noteFile, { interpreters: { ...this.before, ...this.now } }, 'compact');
  }
}

/** Newest first. */
function byVersion(a: string, b: string): number {
  return b.localeCompare(a, 'en', { numeric: true });
}

function firstLine(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').split('\n')[0]?.trim();
  } catch {
    return undefined;
  }
}

/** What a `.python-version` here or in a folder above says. */
function versionFile(folder: string): string | undefined {
  const found = firstLine(join(folder, '.python-version'));
  if (found !== undefined && found !== '') return found;
  return dirname(folder) === folder ? undefined : versionFile(dirname(folder));
}

function programAt(file: string): string | undefined {
  try {
    accessSync(file, constants.X_OK);
    return realpathSync(file);
  } catch {
    return undefined;
  }
}

function probe(path: string, stamp: string): Noted | undefined {
  try {
    const printed = execFileSync(path, ['-I', '-S', '-c', PROBE], { stdio: ['ignore', 'pipe', 'ignore'], timeout: 20_000, env: {} });
    const [version, told, platform] = JSON.parse(printed.toString('utf8')) as string[];
    return version === undefined || told === undefined || platform === undefined ? undefined : { path, version, told, platform, stamp };
  } catch {
    // Python 2, or none that works.
    return undefined;
  }
}

const numbersOf = (version: string): number[] => version.split('.').map((part) => Number.parseInt(part, 10) || 0);

/** Below, equal or above 0, as a version lies to another, as far as that one goes. */
function compared(version: string, to: readonly number[]): number {
  const own = numbersOf(version);
  const index = to.findIndex((part, at) => part !== (own[at] ?? 0));
  return index < 0 ? 0 : (own[index] ?? 0) - (to[index] ?? 0);
}

/** Whether a version is one of those that `requires-python` names (PEP 440, releases only). What is not understood is left to uv. */
export function satisfies(version: string, requires: string): boolean {
  return requires.split(',').every((one) => {
    const [, operator, written = ''] = /^\s*(>=|<=|==|!=|~=|>|<)\s*([\d.]+(?:\.\*)?)\s*$/.exec(one) ?? [];
    const wanted = numbersOf(written.replace(/\.\*$/, ''));
    const order = compared(version, written.endsWith('.*') ? wanted : [...wanted, 0, 0].slice(0, 3));
    if (operator === '>=') return order >= 0;
    if (operator === '<=') return order <= 0;
    if (operator === '>') return order > 0;
    if (operator === '<') return order < 0;
    if (operator === '==') return order === 0;
    if (operator === '!=') return order !== 0;
    if (operator === '~=') return order >= 0 && compared(version, wanted.slice(0, -1)) === 0;
    return true;
  });
}

/** Whether a version is the one that a pipeline names, as far as it names it. */
function isNamed({ version }: Interpreter, wanted: string): boolean {
  return version === wanted || version.startsWith(`${wanted}.`);
}

/**
 * The Python that an environment is to be made of: python3 of PATH, or the first that is of the wanted version. What there is otherwise is told
 * where none is; nothing is downloaded.
 */
export function findInterpreter({ version, requires }: WantedPython, places: PythonPlaces): Outcome<Interpreter> {
  const interpreters = new Interpreters(places);
  try {
    const minor = version === undefined ? [] : [`python${version.split('.').slice(0, 2).join('.')}`];
    const fits = (one: Interpreter): boolean =>
      (version === undefined || isNamed(one, version)) &&
      (requires === undefined || version !== undefined || satisfies(one.version, requires));
    const chosen = version === undefined && requires === undefined;
    for (const one of interpreters.all([...minor, 'python3', 'python'], !chosen)) if (fits(one)) return done(one);
    return failed(missing({ version, requires }, places, interpreters));
  } finally {
    interpreters.close();
  }
}

/** No Python of a version is there; those that are, are named. */
function missing({ version, requires }: WantedPython, { environment }: PythonPlaces, interpreters: Interpreters): Problem {
  const names = new Set(
    (environment['PATH'] ?? '').split(delimiter).flatMap((folder) => namesIn(folder).filter((name) => /^python3\.\d+$/.test(name))),
  );
  const found = [...new Set([...interpreters.all([...names, 'python3'], true)].map(({ told }) => told))].sort(byVersion);
  const there = found.length === 0 ? 'no Python is installed' : `installed are ${found.join(', ')}`;
  const wanted = version ?? (requires === undefined ? undefined : `of a version ${requires}`);
  const others = version === undefined && requires !== undefined;
  const example = (found[0] ?? '3.12').replace(/^\D*(\d+\.\d+).*$/, '$1');
  return {
    kind: 'pipeline',
    code: 'missing-python',
    message: wanted === undefined ? `no python3 is in PATH; ${there}` : `Python ${wanted} is not installed: ${there}`,
    hint: `install it so that it is in PATH, by pyenv or by uv python install; or ${others ? 'correct requires-python' : `name another: version: '${example}'`}`,
  };
}

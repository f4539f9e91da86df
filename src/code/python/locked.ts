import { parse as parseToml } from 'smol-toml';
import { isObject } from '../../files/json.ts';
import { sha256 } from '../../model/canonical.ts';

/** A package of a lock. */
interface Locked {
  /** As PEP 503 writes it: names that differ only so are one. */
  readonly name: string;
  /** Its version, or the address that it is taken from. */
  readonly version: string;
  /** All that uv is told of it, in one line. */
  readonly line: string;
}

/** A lock that was read: its text in the one form that counts; or why it is none. */
export type ReadLock = { readonly text: string } | { readonly flaw: string };

/** `name[extras]==version ; marker`, or `name @ address ; marker`, without its hashes. */
const REQUIREMENT = /^([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(\[[^\]]*\])?\s*(?:===?\s*([\w.!+*-]+)|@\s*(\S+))\s*(?:;\s*(.+))?$/;

const HASH = /\s--hash[= ]([a-z0-9]+:[0-9a-f]{32,})/g;

/** A commit of a repository, which names its content. */
const COMMIT = /^git\+(?:https|ssh|http):\/\/.+@[0-9a-f]{40}(?:#.*)?$/;

/** Names and passwords in an address; the user of ssh, such as `git@`, is none. */
const CREDENTIALS = /:\/\/(?!git@)[^/\s]*@/;

/** Whether a text holds an address with a name or password in it. */
export function hasCredentials(text: string): boolean {
  return CREDENTIALS.test(text);
}

/** Lines of requirements as programs read them: continued ones joined, without comments and empty ones; each with its number, from 1. */
export function logicalLines(text: string): { readonly line: string; readonly number: number }[] {
  const found: { line: string; number: number }[] = [];
  let open: { line: string; number: number } | undefined;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const isContinued = raw.endsWith('\\');
    const part = (isContinued ? raw.slice(0, -1) : raw).replace(/(^|\s)#.*$/, '').trim();
    open = open === undefined ? { line: part, number: index + 1 } : { ...open, line: `${open.line} ${part}`.trim() };
    if (isContinued) continue;
    if (open.line !== '') found.push(open);
    open = undefined;
  }
  if (open !== undefined && open.line !== '') found.push(open);
  return found;
}

/** The package that a line locks; else why it locks none. */
function lockedBy(line: string): Locked | string {
  const hashes = [...` ${line}`.matchAll(HASH)].map(([, hash = '']) => hash).sort();
  const [, given = '', extras = '', version, address, marker] = REQUIREMENT.exec(` ${line}`.replaceAll(HASH, ' ').trim()) ?? [];
  if (given === '') return `"${line.slice(0, 80)}" is no package of a known version`;
  if (hasCredentials(line)) return `the address of ${given} holds a name or password`;
  if (version?.includes('*') === true) return `${given} is given no one version`;
  if (address !== undefined && !/^(?:https?|git\+[a-z]+):\/\//.test(address)) return `${given} lies on this machine`;
  if (hashes.length === 0 && (address === undefined || !COMMIT.test(address))) return `${given} has no hash`;
  const name = given.toLowerCase().replaceAll(/[-_.]+/g, '-');
  const what = version === undefined ? ` @ ${address}` : `==${version}`;
  const told = [`${name}${extras.replaceAll(/\s/g, '')}${what}`, ...(marker === undefined ? [] : [`; ${marker.trim()}`])];
  return { name, version: version ?? address ?? '', line: [...told, ...hashes.map((hash) => `--hash=${hash}`)].join(' ') };
}

/** Brings requirements of which each has a version and hashes, as uv and pip-compile write them, into the one form that counts. */
export function readLock(text: string): ReadLock {
  const lines: string[] = [];
  for (const { line } of logicalLines(text)) {
    const locked = lockedBy(line);
    if (typeof locked === 'string') return { flaw: locked };
    lines.push(`${locked.line}\n`);
  }
  return { text: [...new Set(lines)].sort().join('') };
}

const PLURAL_GROUPS = /\b(?:extras|dependency_groups)\b/;

type Table = Readonly<Record<string, unknown>>;

/** The tables of a list; none where it is something else. */
function tables(value: unknown): readonly Table[] {
  return Array.isArray(value) ? value.filter(isObject) : isObject(value) ? [value] : [];
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The hashes of the files of a package in a pylock.toml. */
function hashesOf(files: readonly Table[]): string[] {
  return files.flatMap(({ hashes }) => (isObject(hashes) ? Object.entries(hashes).map(([kind, hash]) => `${kind}:${textOf(hash)}`) : []));
}

/** The requirement that a package of a pylock.toml stands for; else why there is none. */
function requirementOf(entry: Table): { readonly line: string } | string {
  const [name, version, marker] = [textOf(entry['name']), textOf(entry['version']), textOf(entry['marker'])];
  if (isObject(entry['directory'])) return `${name} lies on this machine`;
  if (PLURAL_GROUPS.test(marker)) return `${name} depends on chosen extras or groups`;
  const [archive] = tables(entry['archive']);
  const [vcs] = tables(entry['vcs']);
  const from =
    vcs === undefined
      ? archive === undefined
        ? `==${version}`
        : ` @ ${textOf(archive['url'])}`
      : ` @ ${textOf(vcs['type'])}+${textOf(vcs['url'])}@${textOf(vcs['commit-id'])}`;
  const hashes = hashesOf([...tables(entry['wheels']), ...tables(entry['sdist']), ...tables(archive)]);
  return { line: [`${name}${from}`, ...(marker === '' ? [] : [`; ${marker}`]), ...hashes.map((hash) => `--hash=${hash}`)].join(' ') };
}

/** Brings a pylock.toml (PEP 751) into the same form. */
export function readPylock(text: string): ReadLock {
  let read: Table;
  try {
    read = parseToml(text);
  } catch (error) {
    return { flaw: `it is no TOML: ${(error as Error).message.split('\n')[0]}` };
  }
  const lines: string[] = [];
  for (const entry of tables(read['packages'])) {
    const requirement = requirementOf(entry);
    if (typeof requirement === 'string') return { flaw: requirement };
    lines.push(requirement.line);
  }
  return readLock(lines.join('\n'));
}

/** The packages of a lock in its one form: version and digest of all that is said of it, by name. */
export function packagesOf(lock: string): Record<string, string> {
  const found = new Map<string, Locked[]>();
  for (const line of lock.split('\n')) {
    const locked = line === '' ? '' : lockedBy(line);
    if (typeof locked !== 'string') found.set(locked.name, [...(found.get(locked.name) ?? []), locked]);
  }
  return Object.fromEntries(
    [...found].map(([name, all]) => {
      const versions = [...new Set(all.map(({ version }) => version))].join(',');
      return [name, `${versions} ${sha256(all.map(({ line }) => line).join('\n')).slice(0, 12)}`];
    }),
  );
}

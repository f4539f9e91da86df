import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseJson } from '../files/json.ts';
import { withPath } from '../files/with-path.ts';
import type { JsonObject } from '../model/json.ts';

/** How DVC hashes content: since version 3 by its bytes, before with the line ends of Unix in texts. */
export type Hashing = 'md5' | 'md5-dos2unix';

/** What DVC knows of a file or folder. */
export interface DvcContent {
  /** Of a folder it ends in `.dir`. */
  readonly digest: string;
  readonly hashing: Hashing;
}

/** A file in a folder, as DVC's lists of folders have it. */
export interface DvcMember {
  readonly md5: string;
  readonly relpath: string;
}

const PIECE = 1024 * 1024;

/** The letters that DVC takes for those of texts. */
const TEXT = new Set([...Array(95).keys()].map((code) => code + 32).concat(...[10, 13, 9, 12, 8]));

/** Whether DVC takes a file for a text, by its first 512 bytes. */
function isText(first: Uint8Array): boolean {
  if (first.length === 0) return true;
  if (first.includes(0)) return false;
  const others = first.reduce((count, byte) => count + (TEXT.has(byte) ? 0 : 1), 0);
  return others / first.length <= 0.3;
}

/** The MD5 of a file, as DVC writes it. */
function fileDigest(path: string, hashing: Hashing): string {
  return withPath(path, () => {
    const descriptor = openSync(path, 'r');
    try {
      const hash = createHash('md5');
      const buffer = Buffer.alloc(PIECE);
      let unixEnds = false;
      for (let first = true; ; first = false) {
        const read = readSync(descriptor, buffer, 0, PIECE, null);
        if (read === 0) return hash.digest('hex');
        const piece = buffer.subarray(0, read);
        if (first) unixEnds = hashing === 'md5-dos2unix' && isText(piece.subarray(0, 512));
        // A line end that two pieces share is read as DVC reads it too: it looks at pieces of a megabyte as well.
        hash.update(unixEnds ? Buffer.from(piece.toString('latin1').replaceAll('\r\n', '\n'), 'latin1') : piece);
      }
    } finally {
      closeSync(descriptor);
    }
  });
}

function membersBelow(folder: string, hashing: Hashing, before = ''): DvcMember[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const [path, relpath] = [join(folder, entry.name), before + entry.name];
    if (['.git', '.hg', '.dvc', '.dvcignore', '.DS_Store'].includes(entry.name)) return [];
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return membersBelow(path, hashing, `${relpath}/`);
    return existsSync(path) ? [{ md5: fileDigest(path, hashing), relpath }] : [];
  });
}

/** A text in JSON as Python writes it: only with letters of ASCII. */
function pythonText(text: string): string {
  return JSON.stringify(text).replaceAll(/[\u007f-\uffff]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The digest of what stands at a path, as DVC writes it; undefined where nothing does. */
export function digestOf(path: string, hashing: Hashing): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  if (!stats.isDirectory()) return fileDigest(path, hashing);
  const points = (text: string): string => [...text].map((letter) => letter.codePointAt(0)?.toString(16).padStart(6, '0')).join('');
  const members = membersBelow(path, hashing).sort((a, b) => (points(a.relpath) < points(b.relpath) ? -1 : 1));
  const list = members.map(({ md5, relpath }) => `{"md5": "${md5}", "relpath": ${pythonText(relpath)}}`).join(', ');
  return `${createHash('md5').update(`[${list}]`).digest('hex')}.dir`;
}

/** DVC's cache, where there is one. */
export class DvcCache {
  private readonly folder: string;

  /** `folder`: that of the project of DVC, absolute. */
  constructor(folder: string) {
    this.folder = folder;
  }

  /** The file that holds the content of a digest; undefined where it is not there, or no longer that. */
  file({ digest, hashing }: DvcContent): string | undefined {
    const name = join(digest.slice(0, 2), digest.slice(2));
    const places = hashing === 'md5' ? [join('files/md5', name), name] : [name, join('files/md5', name)];
    const path = places.map((place) => join(this.root, place)).find((one) => existsSync(one));
    if (path === undefined) return undefined;
    return fileDigest(path, digest.endsWith('.dir') ? 'md5' : hashing) === digest.replace(/\.dir$/, '') ? path : undefined;
  }

  /** The files of a folder; undefined where its list is not there. */
  members(content: DvcContent): readonly DvcMember[] | undefined {
    const file = this.file(content);
    return file === undefined ? undefined : parseJson(readFileSync(file, 'utf8'), isMembers);
  }

  private get root(): string {
    const config = join(this.folder, '.dvc/config');
    const local = join(this.folder, '.dvc/config.local');
    const texts = [config, local].filter((path) => existsSync(path)).map((path) => readFileSync(path, 'utf8'));
    const named = texts.map((text) => /\[cache\][^[]*?^\s*dir\s*=\s*(.+?)\s*$/m.exec(text)?.[1]).findLast((one) => one !== undefined);
    return named === undefined ? join(this.folder, '.dvc/cache') : named.startsWith('/') ? named : join(this.folder, '.dvc', named);
  }
}

function isMembers(value: unknown): value is readonly DvcMember[] {
  const isMember = (one: unknown): boolean => {
    const { md5, relpath } = (one ?? {}) as JsonObject;
    return typeof md5 === 'string' && typeof relpath === 'string' && !relpath.startsWith('/') && !relpath.split('/').includes('..');
  };
  return Array.isArray(value) && value.every(isMember);
}

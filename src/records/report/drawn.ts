import type { Drawn } from '../../model/report.ts';
import type { RunRecord } from '../../model/run.ts';
import type { Artifacts } from '../../model/store.ts';
import { shown } from '../../text/figures.ts';
import { pixelsOf } from './pixels.ts';
import { LARGEST_TABLE, readRows, TABLES } from './rows.ts';

/** Bytes of all that a report draws, and of one piece by its kind: a page is to stay below 5 MB. */
const MOST_BYTES = { all: 1_500_000, picture: 1_000_000, table: LARGEST_TABLE, markdown: 200_000, html: 1_000_000 };

/** Pixels of a picture: a browser takes four bytes for each. */
const MOST_PIXELS = 50_000_000;

/** What is drawn of a folder, and of a table. */
const MOST = { files: 12, rows: 50, columns: 30, letters: 200 };

const PICTURES: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.svg': 'image/svg+xml',
};

/** How a file's bytes begin, by its type. */
const BEGINNINGS: Readonly<Record<string, RegExp>> = {
  'image/png': /^\x89PNG/,
  'image/jpeg': /^\xff\xd8\xff/,
  'image/gif': /^GIF8/,
  'image/webp': /^RIFF[\s\S]{4}WEBP/,
  'image/svg+xml': /^(?:\xef\xbb\xbf)?\s*<(?:\?xml|!--|!doctype svg|svg)/i,
};

type Kind = Drawn['kind'];

function kindOf(suffix: string): Kind | undefined {
  if (PICTURES[suffix] !== undefined) return 'picture';
  if (TABLES.includes(suffix)) return 'table';
  if (suffix === '.md' || suffix === '.markdown') return 'markdown';
  return suffix === '.html' || suffix === '.htm' ? 'html' : undefined;
}

/** A file that could be drawn. */
interface Candidate {
  readonly from: string;
  readonly isShown: boolean;
  readonly kind: Kind;
  readonly suffix: string;
  readonly digest: string;
  readonly size: number;
}

const suffixOf = (path: string): string => /\.[^./]+$/.exec(path)?.[0].toLowerCase() ?? '';

/** The files among the outputs of a run that could be drawn; of a folder the first ones. What else is in folders is told. */
function candidates(artifacts: Artifacts, { nodes }: RunRecord, isShown: (from: string) => boolean, left: string[]): Candidate[] {
  return Object.entries(nodes).flatMap(([name, { outputs, recipe }]) =>
    Object.entries(outputs ?? {}).flatMap(([port, artifact]): Candidate[] => {
      const from = `${name}.${port}`;
      const about = { from, isShown: isShown(from) || isShown(`${recipe?.node ?? name}.${port}`) };
      if (artifact.kind === 'file') {
        const suffix = artifact.suffix.toLowerCase();
        const kind = kindOf(suffix);
        return kind === undefined ? [] : [{ ...about, kind, suffix, digest: artifact.digest, size: artifact.size }];
      }
      // What a stage keeps in a folder is for other stages; what it means to be looked at is a picture, a text or a page.
      const files = (artifacts.manifest(artifact.digest)?.files ?? []).flatMap(({ path, digest, size }): Candidate[] => {
        const suffix = suffixOf(path);
        const kind = suffix === '.json' && recipe?.work.kind === 'stage' ? undefined : kindOf(suffix);
        return kind === undefined ? [] : [{ ...about, from: `${from}/${path}`, kind, suffix, digest, size }];
      });
      if (files.length > MOST.files) left.push(`${from}: ${files.length - MOST.files} more of its ${files.length} files`);
      return files.slice(0, MOST.files);
    }),
  );
}

/** Text of bytes that are one. */
function textOf(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes).toString('utf8');
  return text.includes('\u0000') ? undefined : text;
}

function tableOf(candidate: Candidate, bytes: Uint8Array): Drawn | undefined {
  const { from, isShown, suffix } = candidate;
  const all = readRows(bytes, from, suffix);
  if (all?.isWhole !== true) return undefined;
  const cut = (cell: string): string => (cell.length > MOST.letters ? `${cell.slice(0, MOST.letters - 1)}…` : cell);
  const rows = [all.names, ...all.rows.slice(0, MOST.rows)].map((row) => row.slice(0, MOST.columns).map((cell) => cut(shown(cell))));
  return { from, isShown, kind: 'table', rows, count: all.rows.length, columns: all.names.length };
}

/** What is drawn of a file, or why it is not; undefined where it is not what its name says. */
function draw(candidate: Candidate, bytes: Uint8Array): Drawn | string | undefined {
  const { from, isShown, kind, suffix } = candidate;
  if (kind === 'picture') {
    const type = PICTURES[suffix] ?? '';
    const isIt = BEGINNINGS[type]?.test(Buffer.from(bytes.subarray(0, 256)).toString('latin1'));
    if (isIt !== true) return undefined;
    const pixels = pixelsOf(bytes, type) ?? 0;
    return pixels > MOST_PIXELS
      ? `${from}: too large to be shown (${Math.round(pixels / 1e6)} megapixels)`
      : { from, isShown, kind, type, bytes };
  }
  if (kind === 'table') return tableOf(candidate, bytes);
  const text = textOf(bytes);
  return text === undefined ? undefined : { from, isShown, kind, text };
}

function bytesOf(drawn: Drawn): number {
  if (drawn.kind === 'picture') return drawn.bytes.length;
  return drawn.kind === 'table' ? drawn.rows.reduce((sum, row) => sum + 10 + row.join('</td><td>').length, 0) : drawn.text.length;
}

/** What is known of outputs by their names. */
interface Asked {
  readonly isShown: (from: string) => boolean;
  /** It is drawn as a plot, and nobody asks for it as a table. */
  readonly isPlotted: (from: string) => boolean;
}

/** The room that a page has for what runs have drawn, and what stands in it already. */
export class Easel {
  private room = MOST_BYTES.all;
  /** Where content was drawn first, by digest. */
  private readonly hung = new Map<string, string>();

  /** What is drawn of a run's outputs: what is to be shown first, then of the last nodes first; and what is not, with why. */
  draw(artifacts: Artifacts, record: RunRecord, { isShown, isPlotted }: Asked): { readonly drawn: Drawn[]; readonly undrawn: string[] } {
    const undrawn: string[] = [];
    // The numbers of a plot stand below it.
    const isNumbers = ({ kind, from }: Candidate): boolean => kind === 'table' && isPlotted(from);
    const all = candidates(artifacts, record, isShown, undrawn).filter((one) => !isNumbers(one));
    const order = all.map((_, index) => index).sort((a, b) => Number(all[b]?.isShown) - Number(all[a]?.isShown) || b - a);
    const drawn = new Map<number, Drawn>();
    for (const index of order) {
      const candidate = all[index];
      const found = candidate === undefined ? undefined : this.hang(artifacts, candidate, record.id);
      if (typeof found === 'string') undrawn.push(found);
      else if (found !== undefined) drawn.set(index, found);
    }
    return { drawn: [...drawn].sort(([a], [b]) => a - b).map(([, one]) => one), undrawn };
  }

  /** What is drawn of a file, or why it is not; undefined where there is nothing to draw in it. */
  private hang(artifacts: Artifacts, candidate: Candidate, run: string): Drawn | string | undefined {
    const { from, kind, digest, size, suffix } = candidate;
    const before = this.hung.get(digest);
    if (before !== undefined) return `${from}: the same as ${before}`;
    if (size > MOST_BYTES[kind]) return suffix === '.json' ? undefined : `${from}: too large for a page (${(size / 1e6).toFixed(1)} MB)`;
    const bytes = artifacts.read(digest);
    const drawn = bytes === undefined ? undefined : draw(candidate, bytes);
    if (typeof drawn === 'string') return drawn;
    if (drawn === undefined) return kind === 'table' ? undefined : `${from}: missing, or not what its name says`;
    if (bytesOf(drawn) > this.room) return `${from}: no room for it on this page`;
    this.room -= bytesOf(drawn);
    this.hung.set(digest, `${from} of ${run}`);
    return drawn;
  }
}

import { spawnSync } from 'node:child_process';
import { chmodSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileStamp } from '../../../src/files/stamp.ts';
import { addToNote, readNote } from '../../../src/stores/local/segments/table.ts';
import { StampBook } from '../../../src/stores/local/stamps.ts';
import { value } from './aftermath.ts';
import { fillStore, LEFT } from './full-store.ts';
import { openSmall } from './small-project.ts';
import type { Findings, Trial } from './trial.ts';

const DAMAGES = ['a flipped bit', 'a cut', 'zeros', 'a deletion'] as const;
type Damage = (typeof DAMAGES)[number];

/** What kind of file a path of a store is; undefined: it may be lost and changed by anyone, since no one reads it. */
function kindOf(path: string): string | undefined {
  const [top = '', second = ''] = path.split('/');
  if (path.endsWith('.lock') || ['locks', '.gitignore', 'pipeline.schema.json', 'project.schema.json'].includes(top)) return undefined;
  if (top === 'latest') return path.endsWith('.json') && path.split('/').length === 2 ? 'latest, noted' : 'latest';
  if (top === 'sweeps') return path.endsWith('.jsonl') ? 'sweeps' : 'tables of sweeps';
  if (top === 'logs') return path.endsWith('.jsonl') ? 'events' : undefined;
  if (top === 'scratch') return /^(job|exit)\.json$/.test(path.split('/')[2] ?? '') ? `attempt's ${path.split('/')[2]}` : undefined;
  return ['index', 'bundles'].includes(top) && path.split('/').length > 2 ? `${top}/${second}` : top === 'index' ? path : top;
}

/** Kinds that nothing is made of: copies that people may change and that are written again, and notes that are nothing but their name. */
const EXCUSED = ['latest', 'tables of sweeps', 'index/work'];

/** Kinds that are made again, or that nothing names: only content is missed when they are gone. */
const isMissed = (kind: string): boolean => kind === 'blobs' || kind === 'segments';

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : entry.isFile() ? [path] : [];
  });
}

/** Damages a file; what it holds is another then. */
function inflict(path: string, damage: Damage, random: () => number): void {
  if (damage === 'a deletion') return rmSync(path);
  const bytes = readFileSync(path);
  const at = Math.floor(random() * bytes.length);
  chmodSync(path, lstatSync(path).mode | 0o200);
  if (bytes.length === 0) return writeFileSync(path, 'x');
  if (damage === 'a cut') return writeFileSync(path, bytes.subarray(0, at));
  if (damage === 'zeros') bytes.fill(0, at, Math.min(bytes.length, at + 512));
  if (damage === 'a flipped bit' || bytes.equals(readFileSync(path))) bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8));
  return writeFileSync(path, bytes);
}

/** Makes the note of a segment say that all in it was proven as the segment stands now. */
function noteAsProven(store: string, file: string): void {
  const path = join(store, 'index', file);
  const note = readNote(path);
  const stats = lstatSync(join(store, file), { bigint: true });
  if (note !== undefined && note.covered <= stats.size) addToNote(path, note.base, { ...note, stamp: fileStamp(stats) });
}

/** Numbers from 0 up to 1, the same for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Attack {
  readonly kind: string;
  readonly file: string;
  readonly damage: Damage;
  /** Asks `verify` first; else the run meets the damage. */
  readonly isLookedFor: boolean;
  /** The damage changes no stamp, as on a bad disk. */
  readonly isRot: boolean;
}

interface Hashes {
  readonly plain: string;
  readonly left: string;
}

/** What does not hold after an attack on a store. */
async function faultsOf({ kind, damage, isLookedFor }: Attack, folder: string, { plain, left }: Hashes): Promise<string[]> {
  const faults: string[] = [];
  const project = await openSmall(folder);
  try {
    if (isLookedFor) {
      const { damaged } = value(await project.verify());
      const isExcused = damage === 'a deletion' ? !isMissed(kind) : EXCUSED.includes(kind);
      if (damaged.length === 0 && !isExcused) faults.push('verify did not find it');
    }
    // An attempt is met by the run that takes it over.
    const [set, hash] = kind.startsWith('attempt') ? [LEFT, left] : [[], plain];
    const first = value(await project.run('pipeline.yaml', { set }));
    if (first.record.hash !== hash)
      faults.push(
        `the rerun ended ${first.record.state} with ${first.record.hash}: ${first.problems.map(({ message }) => message).join('; ')}`,
      );
    const again = value(await project.run('pipeline.yaml', { set }));
    const executed = Object.entries(again.record.nodes).flatMap(([name, { state }]) => (state === 'executed' ? [name] : []));
    if (again.record.hash !== hash || executed.length > 0) faults.push(`the second rerun executed ${executed.join(', ')}`);
    value(await project.pack('@latest', 'run.still', { outputs: true }));
    await project.verify();
    const { damaged } = value(await project.verify());
    if (damaged.length > 0) faults.push(`verify finds it again and again: ${JSON.stringify(damaged)}`);
    value(await project.records.list({}));
    value(await project.gc({ wait: true }));
  } catch (error) {
    faults.push(error instanceof Error ? (error.stack ?? error.message).split('\n').slice(0, 6).join(' | ') : String(error));
  } finally {
    project.close();
  }
  return faults;
}

function restore(pristine: string, folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  spawnSync('cp', ['-a', pristine, folder]);
}

/** The hashes of runs that nothing disturbed. */
async function undisturbed(folder: string, plain: string): Promise<Hashes> {
  const project = await openSmall(folder);
  const { record } = value(await project.run('pipeline.yaml', { set: LEFT }));
  project.close();
  return { plain, left: record.hash ?? '' };
}

async function run(attacks: number, tell: (line: string) => void): Promise<Findings> {
  const root = mkdtempSync(join(tmpdir(), 'stillroom-damage-'));
  const [pristine, folder] = [join(root, 'pristine'), join(root, 'project')];
  const store = join(folder, 'artifacts');
  const random = randomOf(1);
  try {
    const plain = await fillStore(folder);
    restore(store, pristine);
    const hashes = await undisturbed(folder, plain);
    const kinds = new Map<string, string[]>();
    for (const file of filesBelow(pristine)
      .map((path) => relative(pristine, path))
      .sort()) {
      const kind = kindOf(file);
      if (kind !== undefined) kinds.set(kind, [...(kinds.get(kind) ?? []), file]);
    }
    const names = [...kinds.keys()].sort();
    tell(`${names.length} kinds of files: ${names.join(', ')}`);
    const faults: string[] = [];
    for (let index = 0; index < attacks; index += 1) {
      // Few attacks are spread over the kinds as many are.
      const kind = names[Math.floor(((index % Math.min(attacks, names.length)) * names.length) / Math.min(attacks, names.length))] ?? '';
      const files = kinds.get(kind) ?? [];
      const round = Math.floor(index / names.length) + index;
      const attack: Attack = {
        kind,
        file: files[Math.floor(random() * files.length)] ?? '',
        damage: DAMAGES[round % DAMAGES.length] ?? 'a cut',
        isLookedFor: random() < 0.5,
        isRot: random() < 0.5,
      };
      restore(pristine, store);
      inflict(join(store, attack.file), attack.damage, random);
      if (kind === 'blobs' && attack.isRot && attack.damage !== 'a deletion') {
        const stamps = new StampBook(join(store, 'index/blobs'));
        stamps.note(attack.file.split('/').slice(1).join(''), lstatSync(join(store, attack.file), { bigint: true }));
        stamps.flush();
      }
      if (kind === 'segments' && attack.isRot && attack.damage !== 'a deletion') noteAsProven(store, attack.file);
      const found = await faultsOf(attack, folder, hashes);
      for (const fault of found) {
        faults.push(`${attack.damage} in ${attack.file}${attack.isLookedFor ? '' : ', not looked for'}: ${fault}`);
        tell(faults.at(-1) ?? '');
      }
      if ((index + 1) % 100 === 0) tell(`${index + 1} of ${attacks}`);
    }
    return { attacks, faults, counts: { kinds: names.length } };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Bits, cuts, zeros and deletions over every kind of file of a store that has all of them. */
export default {
  about: 'a damaged file of any kind is found and never used, and runs end as they would have',
  full: 1000,
  sample: 6,
  run,
} satisfies Trial;

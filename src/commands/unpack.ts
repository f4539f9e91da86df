import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readForeignRecord } from '../records/foreign-record.ts';
import { done, type Outcome } from '../model/problem.ts';
import type { RecordedSource, RunRecord } from '../model/run.ts';
import { badPack, readPack } from '../stores/local/pack.ts';
import { LocalStore } from '../stores/local/store.ts';

/** Opens a pack as a store of its own in an empty folder, with all that it names checked. */
export async function openPack(
  file: string,
  folder: string,
): Promise<Outcome<{ readonly record: RunRecord; readonly origin: LocalStore }>> {
  const unpacked = await readPack(file, folder);
  if (!unpacked.ok) return unpacked;
  const record = readForeignRecord(unpacked.value);
  if (typeof record === 'string') return badPack(file, record);
  const origin = LocalStore.open(folder);
  if (!origin.ok) return origin;
  for (const [name, { code, recipe }] of Object.entries(record.nodes)) {
    if (recipe?.work.kind !== 'stage') continue;
    if (code === undefined || !isBundle(code, origin.value)) return badPack(file, `the code of ${name} is missing or damaged`);
  }
  for (const [name, source] of Object.entries(record.sources)) {
    const problem = sourceProblem(name, source, origin.value);
    if (problem !== undefined) return badPack(file, problem);
  }
  return done({ record, origin: origin.value });
}

function note(path: string): Readonly<Record<string, unknown>> | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as unknown;
    return value !== null && typeof value === 'object' ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

const isDigest = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);

function isBundle(code: string, { root, contents }: LocalStore): boolean {
  const bundle = note(join(root, 'bundles', `${code}.json`));
  return bundle?.['digest'] === code && isDigest(bundle['map']) && [code, bundle['map']].every((one) => contents.state(one) === 'whole');
}

/** A packed source is what its digest says, and its files fill its bytes exactly. */
function sourceProblem(name: string, { digest, kind }: RecordedSource, { root, contents }: LocalStore): string | undefined {
  const kept = note(join(root, 'sources', `${digest}.json`));
  if (kept === undefined) return `the source "${name}" is missing`;
  const { manifest, pack } = kept;
  if (!isDigest(manifest) || !isDigest(pack) || kept['kind'] !== kind) return `the source "${name}" is damaged`;
  if ((kind === 'dir' ? manifest : pack) !== digest) return `the source "${name}" has another digest than its run read`;
  const entries = contents.state(pack) === 'whole' ? contents.manifest(manifest) : undefined;
  if (entries === undefined) return `the source "${name}" is missing, damaged, or has paths that leave it`;
  const size = entries.reduce((sum, entry) => sum + entry.size, 0);
  return size === contents.size(pack) && (kind === 'dir' || entries.length === 1)
    ? undefined
    : `the source "${name}" is damaged: its files do not fill its bytes`;
}

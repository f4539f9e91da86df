import { createWriteStream, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { sourcesOf } from '../model/pipeline.ts';
import { done, failed, type Outcome } from '../model/problem.ts';
import type { RunRecord } from '../model/run.ts';
import type { Contents, Reach } from '../stores/local/contents.ts';
import { writePack } from '../stores/local/pack.ts';
import { LocalStore } from '../stores/local/store.ts';
import { EXIT, fail, printJson } from './problems.ts';
import { projectRoot, type CommonOptions } from './project.ts';
import { openRecorded, type Recorded } from './recorded.ts';
import { locateSources } from './sources.ts';

export interface PackOptions extends CommonOptions {
  readonly output?: string;
  readonly outputs?: boolean;
  readonly source?: readonly string[];
}

/** `stillroom pack`: writes a run with its code and sources as one file, from which it can be done again anywhere. */
export async function packCommand(word: string, options: PackOptions): Promise<number> {
  const json = options.json === true;
  if (options.output === undefined && (json || process.stdout.isTTY))
    return fail(
      [
        {
          kind: 'usage',
          code: 'bad-option',
          message: json ? 'with --json the pack needs a file of its own' : 'a pack is not written to a terminal',
          hint: `stillroom pack ${word} --output run.still`,
        },
      ],
      json,
    );
  const recorded = await openRecorded(word, options.store === undefined ? {} : { store: options.store }, '');
  if (!recorded.ok) return fail(recorded.problems, json);
  const scratchFolder = join(recorded.value.origin.root, 'scratch');
  mkdirSync(scratchFolder, { recursive: true });
  const scratch = mkdtempSync(join(scratchFolder, 'pack-'));
  try {
    const gathered = gather(recorded.value, scratch, options);
    if (!gathered.ok) return fail(gathered.problems, json);
    const file = options.output === undefined ? undefined : resolve(options.output);
    await writePack(recordText(recorded.value.record), gathered.value, file === undefined ? process.stdout : createWriteStream(file));
    const bytes = file === undefined ? undefined : statSync(file).size;
    const blobs = new Set(gathered.value.flatMap(({ reach }) => [...reach.blobs])).size;
    const told = { run: recorded.value.record.id, hash: recorded.value.record.hash ?? null, file, bytes, blobs };
    if (json) printJson(told);
    else process.stderr.write(`packed ${told.run}: ${blobs} blobs${bytes === undefined ? '' : `, ${bytes} bytes`}\n`);
    return EXIT.done;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The record as it travels: without this machine's paths. */
function recordText(record: RunRecord): string {
  const sources = Object.fromEntries(
    Object.entries(record.sources).map(([name, { path: _path, ...source }]) => [name, { ...source, kept: true }]),
  );
  return JSON.stringify({ ...record, sources });
}

/** All that the run can be done again from. Sources that the store does not keep are read where they are now. */
function gather(
  { record, origin, instances }: Recorded,
  folder: string,
  options: PackOptions,
): Outcome<{ from: Contents; reach: Reach }[]> {
  const names = sourcesOf(instances);
  const found = locateSources(record, names, origin, projectRoot(process.cwd()), options.source ?? []);
  if (!found.ok) return found;
  const reach = origin.contents.ofRecord(record, new Set(Object.keys(record.nodes)), { outputs: options.outputs === true });
  if (reach.missing.length > 0)
    return failed({
      kind: 'store',
      code: 'missing-content',
      message: `the run ${record.id} cannot be packed: ${reach.missing.join(', ')} ${reach.missing.length === 1 ? 'is' : 'are'} not in the store`,
      hint: 'look for damage: stillroom verify',
    });
  const scratch = LocalStore.open(folder);
  if (!scratch.ok) return scratch;
  const beside: Reach = { blobs: new Set(), files: new Set() };
  for (const { source, snapshot } of found.value.values()) {
    if (origin.keptSource(snapshot.digest) !== undefined) {
      origin.contents.addSource(snapshot.digest, reach);
      continue;
    }
    const kept = scratch.value.keepSource({ ...source, keep: true }, snapshot);
    if (!kept.ok) return kept;
    scratch.value.contents.addSource(snapshot.digest, beside);
  }
  return done([
    { from: origin.contents, reach },
    { from: scratch.value.contents, reach: beside },
  ]);
}

import { createWriteStream, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { sourcesOf } from '../model/pipeline.ts';
import { done, failed, type Outcome } from '../model/problem.ts';
import type { RunRecord } from '../model/run.ts';
import type { Reach, Store } from '../model/store.ts';
import { writePack } from '../stores/local/pack.ts';
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
  const scratch = recorded.value.origin.contents.scratch('pack');
  if (!scratch.ok) return fail(scratch.problems, json);
  try {
    const gathered = gather(recorded.value, scratch.value.store, options);
    if (!gathered.ok) return fail(gathered.problems, json);
    const file = options.output === undefined ? undefined : resolve(options.output);
    const entries = gathered.value.flatMap(({ from, reach }) => [...from.contents.entries(reach)]);
    await writePack(recordText(recorded.value.record), entries, file === undefined ? process.stdout : createWriteStream(file));
    const bytes = file === undefined ? undefined : statSync(file).size;
    const blobs = new Set(gathered.value.flatMap(({ reach }) => [...reach.blobs])).size;
    const told = { run: recorded.value.record.id, hash: recorded.value.record.hash ?? null, file, bytes, blobs };
    if (json) printJson(told);
    else process.stderr.write(`packed ${told.run}: ${blobs} blobs${bytes === undefined ? '' : `, ${bytes} bytes`}\n`);
    return EXIT.done;
  } finally {
    scratch.value.remove();
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
function gather({ record, origin, instances }: Recorded, scratch: Store, options: PackOptions): Outcome<{ from: Store; reach: Reach }[]> {
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
  const beside: Reach = { blobs: new Set(), bundles: new Set(), sources: new Set() };
  for (const { source, snapshot } of found.value.values()) {
    if (origin.sources.kept(snapshot.digest) !== undefined) {
      origin.contents.addSource(snapshot.digest, reach);
      continue;
    }
    const kept = scratch.sources.keep({ ...source, keep: true }, snapshot);
    if (!kept.ok) return kept;
    scratch.contents.addSource(snapshot.digest, beside);
  }
  return done([
    { from: origin, reach },
    { from: scratch, reach: beside },
  ]);
}

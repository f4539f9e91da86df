import { resolve } from 'node:path';
import { sourceOf } from '../engine/recipe.ts';
import type { FoundSource } from '../engine/reproduction.ts';
import { suggestion } from '../text/suggestion.ts';
import { type Source, sourcesOf } from '../model/pipeline.ts';
import type { Snapshot } from '../model/store.ts';
import { done, failed, type Outcome, type Problem } from '../model/problem.ts';
import { ATTRIBUTES_SINCE, type RecordedSource, type RunRecord } from '../model/run.ts';
import type { Store } from '../model/store.ts';
import { emptyReach } from '../model/upkeep.ts';
import type { Context } from './context.ts';
import type { Recorded } from './recorded.ts';

/** The paths given as `name=PATH`, by name. */
function givenPaths({ folder }: Context, words: readonly string[], record: RunRecord): Outcome<ReadonlyMap<string, string>> {
  const given = new Map<string, string>();
  for (const word of words) {
    const cut = word.indexOf('=');
    const name = word.slice(0, cut);
    if (cut <= 0) return failed({ kind: 'usage', code: 'bad-option', message: `--source ${word} is not of the form name=PATH` });
    if (!Object.hasOwn(record.sources, name)) {
      return failed({
        kind: 'usage',
        code: 'unknown-source',
        message: `--source ${word}: the run has no source "${name}"`,
        hint: suggestion(name, Object.keys(record.sources)),
      });
    }
    given.set(name, resolve(folder, word.slice(cut + 1)));
  }
  return done(given);
}

/**
 * Finds the sources that a recorded run read, by their content: in the store, at the path given with `--source`, or where they lay then.
 * Fails with all that are missing, and what stands in their place.
 */
export function locateSources(
  context: Context,
  { record, origin, instances }: Recorded,
  words: readonly string[] = [],
): Outcome<ReadonlyMap<string, FoundSource>> {
  const given = givenPaths(context, words, record);
  if (!given.ok) return given;
  const found = new Map<string, FoundSource>();
  const problems: Problem[] = [];
  for (const name of sourcesOf(instances)) {
    const recorded = record.sources[name];
    if (recorded === undefined) continue;
    const located = locate(name, recorded, given.value.get(name), { store: origin, root: context.root, format: record.format });
    if (located.ok) found.set(name, located.value);
    else problems.push(...located.problems);
  }
  origin.flush();
  return problems.length > 0 ? failed(...problems) : done(found);
}

function locate(
  name: string,
  recorded: RecordedSource,
  given: string | undefined,
  { store, root, format }: { readonly store: Store; readonly root: string; readonly format: number },
): Outcome<FoundSource> {
  const kept = store.contents.addSource(recorded.digest, emptyReach()) ? store.sources.kept(recorded.digest) : undefined;
  const source: Source = sourceOf(name, recorded, root);
  const asRecorded = ({ executable, ...snapshot }: Snapshot): Snapshot => {
    // The first format did not record the bit: there it is that of the file.
    const bit = format < ATTRIBUTES_SINCE ? executable : recorded.executable;
    return { ...snapshot, suffix: recorded.suffix ?? snapshot.suffix, ...(bit === undefined ? {} : { executable: bit }) };
  };
  if (kept !== undefined) return done({ source, snapshot: asRecorded(kept) });
  const looked: string[] = [];
  for (const path of [...(given === undefined ? [] : [given]), source.path]) {
    const snapshot = store.sources.snapshot({ ...source, path }, format);
    if (!snapshot.ok) looked.push(`${path} ${snapshot.problems[0]?.code === 'missing-source' ? 'does not exist' : 'cannot be read'}`);
    else if (snapshot.value.digest === recorded.digest) return done({ source: { ...source, path }, snapshot: asRecorded(snapshot.value) });
    else looked.push(`${path} holds something else (${snapshot.value.digest.slice(0, 12)})`);
  }
  return failed({
    kind: 'usage',
    code: 'missing-source',
    message:
      `the source "${name}" (${recorded.kind === 'dir' ? 'a folder' : 'a file'} with the digest ${recorded.digest.slice(0, 12)}` +
      `${recorded.size === undefined ? '' : `, ${recorded.size} bytes`}) is not in the store; ${looked.join(', ')}`,
    hint: `say where it is now: --source ${name}=PATH`,
  });
}

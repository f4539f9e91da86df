import { resolve } from 'node:path';
import { done, failed, type Outcome } from '../model/problem.ts';
import type { RecordReach } from '../model/upkeep.ts';
import type { Context } from './context.ts';
import { openPipeline, planOpened } from './pipeline.ts';
import type { Recorded } from './recorded.ts';

/**
 * What a run's nodes can be done again from. What is lost of their code is bundled anew where the project still holds it as it was: planning
 * does that. Fails with what stays missing; source maps are not missed.
 */
export async function healedReach(
  context: Context,
  { record, origin }: Pick<Recorded, 'record' | 'origin'>,
  { nodes, outputs, what }: { readonly nodes: ReadonlySet<string>; readonly outputs: boolean; readonly what: string },
): Promise<Outcome<RecordReach>> {
  const found = origin.contents.ofRecord(record, nodes, { outputs });
  if (found.missing.length === 0 && found.leftOut.length === 0) return done(found);
  // What came in a pack has no working tree.
  const isOurs = context.isOpen(origin);
  const opened = isOurs ? await openPipeline(context, resolve(context.root, record.file), record.set) : undefined;
  if (opened?.ok === true) await planOpened(opened.value);
  const healed = origin.contents.ofRecord(record, nodes, { outputs });
  if (healed.missing.length === 0) return done(healed);
  return failed({
    kind: 'store',
    code: 'missing-content',
    message: `the run ${record.id} cannot be ${what}: ${healed.missing.join(', ')} ${healed.missing.length === 1 ? 'is' : 'are'} not in the store`,
    hint: isOurs
      ? `what ${record.file} gives now is made again by: stillroom run ${record.file}; for what it was then, bring its files back as they were first`
      : 'ask for the pack again',
  });
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import type { Surroundings } from '../engine/fingerprint.ts';
import { loadEngines } from '../engines/engines.ts';
import { planReproduction, type ReproductionPlan } from '../engine/reproduction.ts';
import type { RunEnd } from '../engine/run.ts';
import { compareRuns, type Verdicts } from '../records/verdict.ts';
import { sourcesOf } from '../model/pipeline.ts';
import { failed, type Outcome } from '../model/problem.ts';
import type { ScratchStore } from '../model/store.ts';
import { EXIT, fail, printJson, printProblems, problemJson } from './problems.ts';
import { projectExecutors, projectRoot } from './project.ts';
import { openRecorded, type Recorded, type RecordedOptions } from './recorded.ts';
import { checkFree, outputsOf, restore } from './restore.ts';
import { runPlan } from '../project/run.ts';
import { type RunCommandOptions, watched } from './run.ts';
import { locateSources } from './sources.ts';
import { printVerdicts } from './verdicts.ts';

export interface ReproduceOptions extends RecordedOptions, Pick<RunCommandOptions, 'jobs' | 'executor' | 'verbose' | 'plain'> {
  readonly source?: readonly string[];
  /** Where the outputs go. */
  readonly to?: string;
}

/** `stillroom reproduce`: does a recorded run again from its record alone and compares what comes out. */
export async function reproduceCommand(word: string | undefined, options: ReproduceOptions): Promise<number> {
  const json = options.json === true;
  const scratch = options.from === undefined ? '' : mkdtempSync(join(tmpdir(), 'stillroom-'));
  const remove = (): void => {
    if (scratch !== '') rmSync(scratch, { recursive: true, force: true });
  };
  // Also where the output ends early, as with head.
  process.once('exit', remove);
  try {
    const recorded = await openRecorded(word, options, scratch);
    if (!recorded.ok) return fail(recorded.problems, json);
    if (options.restore === true) return restore(recorded.value, options);
    return await reproduce(recorded.value, options);
  } finally {
    remove();
    process.off('exit', remove);
  }
}

/** An empty store beside the run's own where there is one, with the code and kept sources of a record; nothing else. */
function openScratch({ record, origin, instances }: Recorded): Outcome<ScratchStore> {
  const reach = origin.contents.ofRecord(record, new Set(instances.map(({ name }) => name)), { outputs: false });
  for (const name of sourcesOf(instances)) {
    const digest = record.sources[name]?.digest;
    if (digest !== undefined && origin.sources.kept(digest) !== undefined) origin.contents.addSource(digest, reach);
  }
  if (reach.missing.length === 0) return origin.contents.scratch('reproduce', reach);
  return failed({
    kind: 'store',
    code: 'missing-content',
    message: `the run ${record.id} cannot be done again: ${reach.missing.join(', ')} ${reach.missing.length === 1 ? 'is' : 'are'} not in the store`,
    hint: 'look for damage: stillroom verify',
  });
}

async function reproduce(recorded: Recorded, options: ReproduceOptions): Promise<number> {
  const json = options.json === true;
  const { record, origin, instances } = recorded;
  const free = options.to === undefined ? undefined : checkFree(resolve(options.to));
  if (free?.ok === false) return fail(free.problems, json);
  const root = projectRoot(process.cwd());
  const found = locateSources(record, sourcesOf(instances), origin, root, options.source ?? []);
  if (!found.ok) return notReproduced(found.problems, json);
  const executors = await projectExecutors(root, process.env, options.executor);
  if (!executors.ok) return fail(executors.problems, json);
  const scratch = openScratch(recorded);
  if (!scratch.ok) return notReproduced(scratch.problems, json);
  const { store, remove } = scratch.value;
  const surroundings: Surroundings = { root, store, engines: await loadEngines(), executors: executors.value, environment: process.env };
  let isKept = false;
  try {
    const planned = await planReproduction(record, instances, found.value, surroundings);
    if (!planned.ok) return notReproduced(planned.problems, json);
    const { plan } = planned.value;
    const asked = { shownFile: record.file, set: record.set, keepGoing: true };
    const { result: ended, signal } = await watched(options, { nodes: plan.nodes.size, stopping: 'stopping' }, (watching) =>
      runPlan(plan, asked, watching, () => undefined),
    );
    if (!ended.ok) return fail(ended.problems, json);
    const end = ended.value;
    if (end.record.state === 'cancelled') return signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated;
    isKept = end.record.state === 'failed' && options.from === undefined;
    const names = instances.map(({ name }) => name);
    const verdicts = compareRuns(
      record,
      end.record,
      names,
      (digest) => store.artifacts.manifest(digest) ?? origin.artifacts.manifest(digest),
    );
    if (options.to !== undefined) store.published.placeIn(resolve(options.to), outputsOf(end.record, names));
    tell(recorded, planned.value, end, verdicts, json);
    if (isKept && !json) process.stderr.write(`what it left is kept in ${relative(process.cwd(), store.location)} until the next gc\n`);
    return verdicts.verdict === 'identical' || verdicts.verdict === 'within-tolerance' ? EXIT.done : EXIT.notReproduced;
  } finally {
    if (!isKept) remove();
  }
}

/** Something that reproducing needs is missing: said plainly, and not reproduced. */
function notReproduced(problems: Parameters<typeof fail>[0], json: boolean): number {
  fail(problems, json);
  return EXIT.notReproduced;
}

function tell({ record }: Recorded, { differences }: ReproductionPlan, end: RunEnd, verdicts: Verdicts, json: boolean): void {
  if (json) {
    printJson({
      run: record.id,
      hash: record.hash ?? null,
      ...verdicts,
      facts: differences,
      ...(end.problems.length > 0 ? { error: problemJson(end.problems) } : {}),
    });
    return;
  }
  printProblems(end.problems);
  printVerdicts(record, verdicts, differences);
}

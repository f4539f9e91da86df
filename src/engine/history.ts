import { relative } from 'node:path';
import { instanceName } from '../model/instance-name.ts';
import type { Pipeline } from '../model/pipeline.ts';
import type { Store } from '../model/store.ts';
import type { StoredResult } from '../model/result.ts';
import type { RunNode, RunRecord } from '../model/run.ts';

/** How far back a node's last result is looked for, among the runs that were asked the same and then among all. */
const RUNS_SEARCHED = 50;

/** What a node was when it last came out in a run of the same pipeline. */
export interface Past {
  readonly result: StoredResult | undefined;
  /** How the node ended in the newest run that had it. */
  readonly last: RunNode | undefined;
  /** The run in which it came out. */
  readonly run: string | undefined;
}

/** What is asked of a pipeline: where its file lies, relative to the project, and the `--set` options. */
export interface Asked extends Pick<RunRecord, 'file' | 'set'> {
  /** Only runs older than the one of this id are looked at. */
  readonly before?: string;
  /** It is a trial of a sweep: then those of others are as good as any run. */
  readonly isTrial?: boolean;
}

/** What a pipeline's runs are asked with given `--set` options. */
export function askedOf({ root, file }: Pick<Pipeline, 'root' | 'file'>, set: readonly string[]): Asked {
  return { file: relative(root, file), set };
}

/** What runs say of one node: how it ended last, and where it came out. */
interface NodePast {
  readonly last: RunNode;
  good: { readonly node: RunNode; readonly run: string } | undefined;
}

/** The nodes of runs, read from the newest on, and only as far back as is needed. */
class Runs {
  private readonly records: () => Iterable<RunRecord>;
  private readonly nodes = new Map<string, NodePast>();
  private older: Iterator<RunRecord> | undefined;
  private searched = 0;

  constructor(records: () => Iterable<RunRecord>) {
    this.records = records;
  }

  /** A node's past as far as it came out in one of the runs, or else as far back as is looked. */
  of(name: string): NodePast | undefined {
    while (this.nodes.get(name)?.good === undefined && this.readOlder());
    return this.nodes.get(name);
  }

  /** Reads one run more; false where there is none, or none so far back is looked at. */
  private readOlder(): boolean {
    this.older ??= this.records()[Symbol.iterator]();
    if (this.searched === RUNS_SEARCHED) return false;
    this.searched += 1;
    const { value: record, done } = this.older.next();
    if (done === true) return false;
    for (const [name, past] of pastsOf(record)) {
      const known = this.nodes.get(name);
      if (known === undefined) this.nodes.set(name, past);
      else known.good ??= past.good;
    }
    return true;
  }

  /** Adds a run that has ended since. */
  add(record: RunRecord): void {
    for (const [name, { last, good }] of pastsOf(record)) this.nodes.set(name, { last, good: good ?? this.nodes.get(name)?.good });
  }
}

/**
 * The past of a pipeline's nodes: what runs that were asked the same say of them, or else all runs, trials of sweeps last. So a change of code
 * is not told as one of params because another run, or a sweep, has set them otherwise in between.
 */
export class History {
  private readonly store: Store;
  /** Those whose word counts most first. */
  private readonly tiers: readonly Runs[];
  private readonly all: Runs;

  constructor(store: Store, pipeline: string, asked?: Asked) {
    this.store = store;
    this.all = new Runs(() => store.runs.all(pipeline, { before: asked?.before }));
    const { before, isTrial = false } = asked ?? {};
    const byHand = isTrial || asked === undefined ? [] : [new Runs(() => store.runs.all(pipeline, { before, trials: false }))];
    this.tiers = [...(asked === undefined ? [] : [new Runs(() => runsAsked(store, pipeline, asked))]), ...byHand, this.all];
  }

  of(name: string): Past {
    let last: RunNode | undefined;
    let good: NodePast['good'];
    for (const runs of this.tiers) {
      const found = runs.of(name);
      last ??= found?.last;
      good = found?.good;
      if (good !== undefined) break;
    }
    const fingerprint = good?.node.fingerprint;
    return {
      last,
      result: fingerprint === undefined ? undefined : this.store.results.read(fingerprint),
      run: good?.run,
    };
  }

  /** Adds a run that has ended since. */
  add(record: RunRecord): void {
    this.all.add(record);
  }
}

/** The runs that were asked the same, newest first. */
export function* runsAsked(
  { runs }: Pick<Store, 'runs'>,
  pipeline: string,
  { file, set, before, isTrial = false }: Asked,
): Iterable<RunRecord> {
  const isSame = (record: RunRecord): boolean => record.file === file && JSON.stringify(record.set) === JSON.stringify(set);
  for (const record of runs.all(pipeline, { set, before, trials: isTrial })) if (isSame(record)) yield record;
}

/** How the nodes of a run ended that came to an end, by name. */
function* pastsOf(record: RunRecord): Iterable<readonly [string, NodePast]> {
  for (const [written, node] of Object.entries(record.nodes)) {
    if (node.state === 'skipped' || node.state === 'waiting') continue;
    // Records of the first format may call it otherwise.
    const name = node.recipe === undefined ? written : instanceName(node.recipe.node, node.recipe.key);
    yield [name, { last: node, good: node.state === 'executed' || node.state === 'reused' ? { node, run: record.id } : undefined }];
  }
}

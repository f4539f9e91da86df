import { relative } from 'node:path';
import { instanceName } from '../model/instance-name.ts';
import type { Pipeline } from '../model/pipeline.ts';
import type { Store } from '../model/store.ts';
import type { StoredResult } from '../model/result.ts';
import { ownMember } from '../model/own-member.ts';
import { RECORD_FORMAT, type RunNode, type RunRecord } from '../model/run.ts';

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
  readonly good: { readonly node: RunNode; readonly run: string } | undefined;
}

/** The nodes of runs, read from the newest on, and only as far back as is needed. */
class Runs {
  private readonly records: () => Iterable<RunRecord>;
  /** What runs say that have ended since, of whatever number. */
  private readonly since = new Map<string, NodePast>();
  /** Those that were there before, the newest first. */
  private readonly read: RecordedNodes[] = [];
  private older: Iterator<RunRecord> | undefined;

  constructor(records: () => Iterable<RunRecord>) {
    this.records = records;
  }

  /** A node's past as far as it came out in one of the runs, or else as far back as is looked. */
  of(name: string): NodePast | undefined {
    let past = this.since.get(name);
    for (let index = 0; past?.good === undefined && (index < this.read.length || this.readOlder()); index += 1) {
      const before = this.read[index]?.of(name);
      past = before === undefined || past === undefined ? (past ?? before) : { last: past.last, good: before.good };
    }
    return past;
  }

  /** Reads one run more; false where there is none, or none so far back is looked at. */
  private readOlder(): boolean {
    this.older ??= this.records()[Symbol.iterator]();
    const next = this.read.length === RUNS_SEARCHED ? undefined : this.older.next();
    if (next === undefined || next.done === true) return false;
    this.read.push(new RecordedNodes(next.value));
    return true;
  }

  /** Adds a run that has ended since. */
  add(record: RunRecord): void {
    const nodes = new RecordedNodes(record);
    for (const name of nodes.names()) {
      const past = nodes.of(name);
      if (past !== undefined) this.since.set(name, past.good === undefined ? { ...past, good: this.since.get(name)?.good } : past);
    }
  }
}

/** A run's nodes by the names that instances have now. */
class RecordedNodes {
  private readonly run: string;
  private readonly nodes: RunRecord['nodes'];

  constructor({ id, format, nodes }: RunRecord) {
    this.run = id;
    this.nodes = format < RECORD_FORMAT ? renamed(nodes) : nodes;
  }

  names(): readonly string[] {
    return Object.keys(this.nodes);
  }

  /** How a node ended that came to an end, one way or the other. */
  of(name: string): NodePast | undefined {
    const node = ownMember(this.nodes, name);
    if (node === undefined || node.state === 'skipped' || node.state === 'waiting') return undefined;
    return { last: node, good: node.state === 'executed' || node.state === 'reused' ? { node, run: this.run } : undefined };
  }
}

/** The nodes of a record of the first format, which may call them otherwise. */
function renamed(nodes: RunRecord['nodes']): RunRecord['nodes'] {
  return Object.fromEntries(
    Object.entries(nodes).map(([written, node]) => [
      node.recipe === undefined ? written : instanceName(node.recipe.node, node.recipe.key),
      node,
    ]),
  );
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

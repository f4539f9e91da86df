import { instanceName } from '../model/instance-name.ts';
import type { Store } from '../model/store.ts';
import type { StoredResult } from '../model/result.ts';
import type { RunNode, RunRecord } from '../model/run.ts';

/** How far back a node's last result is looked for. */
const RUNS_SEARCHED = 50;

/** What a node was when it last came out in a run of the same pipeline. */
export interface Past {
  readonly result: StoredResult | undefined;
  /** How the node ended in the newest run that had it. */
  readonly last: RunNode | undefined;
}

/** What runs say of one node: how it ended last, and where it came out. */
interface NodePast {
  readonly last: RunNode;
  good: RunNode | undefined;
}

/** The past of a pipeline's nodes. Runs are read from the newest on, and only as far back as what has to be explained is found. */
export class History {
  private readonly store: Store;
  private readonly pipeline: string;
  private readonly nodes = new Map<string, NodePast>();
  private older: Iterator<RunRecord> | undefined;
  private searched = 0;

  constructor(store: Store, pipeline: string) {
    this.store = store;
    this.pipeline = pipeline;
  }

  of(name: string): Past {
    while (this.nodes.get(name)?.good === undefined && this.readOlder());
    const found = this.nodes.get(name);
    const fingerprint = found?.good?.fingerprint;
    return { last: found?.last, result: fingerprint === undefined ? undefined : this.store.results.read(fingerprint) };
  }

  /** Reads one run more; false where there is none, or none so far back is looked at. */
  private readOlder(): boolean {
    this.older ??= this.store.runs.all(this.pipeline)[Symbol.iterator]();
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

/** How the nodes of a run ended that came to an end, by name. */
function* pastsOf(record: RunRecord): Iterable<readonly [string, NodePast]> {
  for (const [written, node] of Object.entries(record.nodes)) {
    if (node.state === 'skipped' || node.state === 'waiting') continue;
    // Records of the first format may call it otherwise.
    const name = node.recipe === undefined ? written : instanceName(node.recipe.node, node.recipe.key);
    yield [name, { last: node, good: node.state === 'executed' || node.state === 'reused' ? node : undefined }];
  }
}

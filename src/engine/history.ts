import { instanceName } from '../model/instance-name.ts';
import type { Store } from '../model/store.ts';
import type { StoredResult } from '../model/result.ts';
import type { RunNode } from '../model/run.ts';

/** How far back a node's last result is looked for. */
const RUNS_SEARCHED = 50;

/** What a node was when it last came out in a run of the same pipeline. */
export interface Past {
  readonly result: StoredResult | undefined;
  /** How the node ended in the newest run that had it. */
  readonly last: RunNode | undefined;
}

/** The past of a pipeline's nodes, read only when something has to be explained. */
export class History {
  private readonly store: Store;
  private readonly pipeline: string;
  private nodes: ReadonlyMap<string, { readonly last: RunNode; readonly good: RunNode | undefined }> | undefined;

  constructor(store: Store, pipeline: string) {
    this.store = store;
    this.pipeline = pipeline;
  }

  of(name: string): Past {
    this.nodes ??= this.read();
    const found = this.nodes.get(name);
    const fingerprint = found?.good?.fingerprint;
    return { last: found?.last, result: fingerprint === undefined ? undefined : this.store.results.read(fingerprint) };
  }

  private read(): ReadonlyMap<string, { last: RunNode; good: RunNode | undefined }> {
    const nodes = new Map<string, { last: RunNode; good: RunNode | undefined }>();
    let searched = 0;
    for (const record of this.store.runs.all(this.pipeline)) {
      for (const [written, node] of Object.entries(record.nodes)) {
        // Records of the first format may call it otherwise.
        const name = node.recipe === undefined ? written : instanceName(node.recipe.node, node.recipe.key);
        if (node.state === 'skipped' || node.state === 'waiting') continue;
        const good = node.state === 'executed' || node.state === 'reused' ? node : undefined;
        const known = nodes.get(name);
        if (known === undefined) nodes.set(name, { last: node, good });
        else known.good ??= good;
      }
      searched += 1;
      if (searched === RUNS_SEARCHED) break;
    }
    return nodes;
  }
}

import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GrowingLines } from '../files/growing-lines.ts';
import { instancesNamed } from '../load/pipeline/selection.ts';
import { parseInstanceName } from '../model/instance-name.ts';
import { done, failed, type Outcome } from '../model/problem.ts';
import type { NodeState, RunNode, RunRecord, RunState } from '../model/run.ts';
import type { LogFile, Store } from '../model/store.ts';
import { findRun } from '../records/find.ts';
import { suggestion } from '../text/suggestion.ts';
import type { Context } from './context.ts';

/** Milliseconds between two looks at what a node has printed, and how many of them pass between two looks at how the run stands. */
const PAUSE = { lines: 100, looks: 5 } as const;

/** A line that a node printed. */
export interface LogLine {
  readonly node: string;
  readonly line: string;
}

/** Which logs of a run are read, and how. */
export interface LogsOptions {
  /** A node, one of its instances, or a pattern; undefined: all that the run executed. */
  readonly node?: string | undefined;
  /** Only the last lines of each. */
  readonly lines?: number | undefined;
  /** Goes on until the nodes have ended, or the run has. */
  readonly follow?: boolean | undefined;
  /** Aborted: follows no longer. */
  readonly signal?: AbortSignal | undefined;
  /** Told which nodes they are, before any line. */
  readonly onNodes?: ((nodes: readonly string[]) => void) | undefined;
  readonly onLine?: ((line: LogLine) => void) | undefined;
}

/** A node whose log was read. */
export interface NodeWithLog {
  readonly node: string;
  readonly state: NodeState;
  /** The run that executed it, and so has its log. */
  readonly run: string;
  /** Relative to the store; missing where there is none: what prints nothing has none. */
  readonly log?: string;
  /** There is none since all logs of that run are gone. */
  readonly isGone?: true;
  /** How many lines were read. */
  readonly lines: number;
}

/** The logs of a run, after they were read. */
export interface RunLogs {
  readonly run: string;
  readonly state: RunState;
  readonly nodes: readonly NodeWithLog[];
}

/** The nodes that a word means in a record; without a word those that the run executes. */
function nodesNamed(record: RunRecord, word: string | undefined): Outcome<readonly string[]> {
  const names = Object.keys(record.nodes);
  if (word === undefined) return done(names.filter((name) => record.nodes[name]?.state !== 'reused'));
  const keyed = names.map((name) => ({ name, node: name, key: {}, ...parseInstanceName(name) }));
  const found = instancesNamed(keyed, word);
  if (found.length > 0) return done(found);
  const known = [...new Set(keyed.map(({ node }) => node)), ...names];
  return failed({
    kind: 'usage',
    code: 'unknown-node',
    message: `the run ${record.id} has no node "${word}"`,
    hint: suggestion(word, known),
  });
}

/** Where the log of a node is: that of a reused one lies in the run that executed it. */
function logOf(store: Store, id: string, name: string, node: RunNode | undefined): LogFile & { readonly run: string } {
  const attempt =
    node?.state === 'reused' && node.fingerprint !== undefined ? store.results.read(node.fingerprint)?.attempts[0] : undefined;
  const [run, own] = attempt === undefined ? [id, name] : [attempt.run, attempt.node];
  return { ...store.runs.log(run, own), run };
}

const ENDED: ReadonlySet<NodeState> = new Set(['executed', 'reused', 'failed', 'cancelled', 'skipped']);

/** The nodes whose log is read, in the order in which they are told: what failed comes last, where a reader's eyes are. */
function inOrder(record: RunRecord, names: readonly string[]): readonly string[] {
  const isFailed = (name: string): boolean => record.nodes[name]?.state === 'failed';
  return [...names.filter((name) => !isFailed(name)), ...names.filter(isFailed)];
}

/** Reads the logs of a run, or follows them. Fails where there is no such run or node. */
export async function readLogs(context: Context, word: string, options: LogsOptions): Promise<Outcome<RunLogs>> {
  const { onLine, onNodes, lines } = options;
  const store = context.store();
  if (!store.ok) return store;
  const found = findRun(store.value, word);
  if (!found.ok) return found;
  const record = found.value;
  const named = nodesNamed(record, options.node);
  if (!named.ok) return named;
  const names = inOrder(record, named.value);
  onNodes?.(names);
  const logs = names.map((name) => {
    const log = logOf(store.value, record.id, name, record.nodes[name]);
    return { name, log, tail: new GrowingLines(log.path, (line) => onLine?.({ node: name, line })) };
  });
  for (const { tail } of logs) {
    if (lines !== undefined) tail.skipTo(lines);
    tail.read();
  }
  const end = options.follow === true ? await follow(store.value, record, { tails: logs.map(({ tail }) => tail), names }, options) : record;
  return done({
    run: end.id,
    state: end.state,
    nodes: logs.map(({ name, log, tail }) => {
      const { isFound } = tail;
      tail.end();
      return {
        node: name,
        state: end.nodes[name]?.state ?? 'waiting',
        run: log.run,
        ...(isFound ? { log: log.name } : existsSync(dirname(log.path)) ? {} : { isGone: true as const }),
        lines: tail.count,
      };
    }),
  });
}

/** A run as it stands now, its files too if another machine makes them. */
function lookedAt({ runs }: Store, record: RunRecord, tails: readonly GrowingLines[]): RunRecord {
  runs.lookAnew();
  if (tails.some(({ isFound }) => !isFound)) runs.lookAnew(record.id);
  return runs.read(record.id) ?? record;
}

/** Goes on with logs as long as what writes them may go on; returns the run's record as it stands then. */
async function follow(
  store: Store,
  opening: RunRecord,
  { tails, names }: { readonly tails: readonly GrowingLines[]; readonly names: readonly string[] },
  { signal, node }: LogsOptions,
): Promise<RunRecord> {
  let record = opening;
  const goesOn = (): boolean =>
    record.state === 'live' &&
    signal?.aborted !== true &&
    (node === undefined || names.some((name) => !ENDED.has(record.nodes[name]?.state ?? 'waiting')));
  for (let look = 0; goesOn(); look += 1) {
    await sleep(PAUSE.lines, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
    for (const tail of tails) {
      tail.read();
      // Opened anew, it shows what was written on another machine meanwhile.
      tail.release();
    }
    if (look % PAUSE.looks === 0) record = lookedAt(store, record, tails);
  }
  return record;
}

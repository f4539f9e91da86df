import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { digestOf } from '../../model/canonical.ts';
import type { Json } from '../../model/json.ts';
import type { RunRecord, RunState } from '../../model/run.ts';
import { writeDurably } from './durable.ts';

/** The shape of a row: rows of another one are made again. */
const FORMAT = 1;

/** What lists of runs need of a record. */
export interface RunRow {
  readonly format: number;
  readonly run: string;
  readonly hash: string | null;
  readonly pipeline: string;
  readonly state: RunState;
  readonly started: string;
  readonly seconds: number;
  readonly executed: number;
  readonly reused: number;
  readonly set: readonly string[];
  /** Digest of all code and sources. */
  readonly work: string;
  /** The pipeline's params by name, and its nodes' as `node.param` (of instances that differ, as `node[key].param`). */
  readonly params: Readonly<Record<string, Json>>;
  /** By `node.metric`, in the order of the nodes. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Those of the metrics that should be small or large. */
  readonly goals: Readonly<Record<string, 'maximize' | 'minimize'>>;
}

/** Sums a record up. */
export function rowOf(record: RunRecord): RunRow {
  const nodes = Object.entries(record.nodes);
  const params: Record<string, Json> = { ...record.params };
  const metrics: Record<string, number> = {};
  const goals: Record<string, 'maximize' | 'minimize'> = {};
  for (const [name, { params: own, metrics: values, recipe }] of nodes) {
    const node = recipe?.node ?? name;
    for (const [param, value] of Object.entries(own)) {
      const shared = `${node}.${param}`;
      if (!(shared in params)) params[shared] = value;
      else if (JSON.stringify(params[shared]) !== JSON.stringify(value)) params[`${name}.${param}`] = value;
    }
    for (const [metric, { value }] of Object.entries(values ?? {})) {
      metrics[`${name}.${metric}`] = value;
      const goal = recipe?.metrics[metric]?.goal;
      if (goal !== undefined) goals[`${name}.${metric}`] = goal;
    }
  }
  const count = (state: string): number => nodes.filter(([, node]) => node.state === state).length;
  return {
    format: FORMAT,
    run: record.id,
    hash: record.hash ?? null,
    pipeline: record.pipeline,
    state: record.state,
    started: record.started,
    seconds: (Date.parse(record.ended ?? new Date().toISOString()) - Date.parse(record.started)) / 1000,
    executed: count('executed'),
    reused: count('reused'),
    set: record.set,
    work: digestOf({
      code: nodes.map(([name, { stage, code }]) => [name, stage, code ?? null]),
      sources: Object.entries(record.sources).map(([name, { digest }]) => [name, digest]),
    }),
    params,
    metrics,
    goals,
  };
}

/** A line a run, so that ten thousand records need not be opened. It can be made again from the records at any time. */
export class RunIndex {
  private readonly file: string;
  /** Lines by id: parsed only when asked for. */
  private lines: Map<string, string> | undefined;

  constructor(root: string) {
    this.file = join(root, 'index', 'runs');
  }

  /** Adds runs that have ended. */
  add(records: readonly RunRecord[]): void {
    if (records.length === 0) return;
    const fresh = records.map((record) => [record.id, JSON.stringify(rowOf(record))] as const);
    mkdirSync(dirname(this.file), { recursive: true });
    appendFileSync(this.file, fresh.map(([id, line]) => `${id} ${line}\n`).join(''));
    for (const [id, line] of fresh) this.lines?.set(id, line);
  }

  /** The row of a run that has ended; undefined if it has none yet. */
  row(id: string): RunRow | undefined {
    this.lines ??= this.read();
    const line = this.lines.get(id);
    if (line === undefined) return undefined;
    try {
      const row = JSON.parse(line) as RunRow;
      return row.format === FORMAT ? row : undefined;
    } catch {
      return undefined;
    }
  }

  /** Whether a run is of a pipeline; undefined if it has no row yet. A row that merely mentions the name may count too. */
  isOf(id: string, pipeline: string): boolean | undefined {
    this.lines ??= this.read();
    return this.lines.get(id)?.includes(`"pipeline":${JSON.stringify(pipeline)}`);
  }

  /** Forgets all runs but these. */
  keepOnly(ids: ReadonlySet<string>): void {
    const lines = [...this.read()].filter(([id]) => ids.has(id));
    writeDurably(this.file, lines.map(([id, line]) => `${id} ${line}\n`).join(''));
    this.lines = new Map(lines);
  }

  private read(): Map<string, string> {
    const lines = new Map<string, string>();
    if (!existsSync(this.file)) return lines;
    for (const line of readFileSync(this.file, 'utf8').split('\n')) {
      const cut = line.indexOf(' ');
      if (cut > 0) lines.set(line.slice(0, cut), line.slice(cut + 1));
    }
    return lines;
  }
}

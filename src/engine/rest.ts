import type { Artifact } from '../model/artifact.ts';
import type { Event, PlannedNode, Watcher } from '../model/event.ts';
import { nodeOf } from '../model/instance-name.ts';
import { type ChangedNode, changedRow, type RunRow, rowOf } from '../model/run-row.ts';
import { fileOf, insideOf, type KeptNodes, type RunNode, type RunRecord } from '../model/run.ts';
import type { NodeOutputs, Store } from '../model/store.ts';
import type { Plan } from './plan.ts';
import { plannedUnchanged, type UnchangedRun, withNodes } from './repeat.ts';
import { RunMembers } from './run-members.ts';

type Nodes = RunRecord['nodes'];

/**
 * The nodes of a pipeline beside those of a plan of a part of it. They stand as in a run that is remembered: they are reused as its record has
 * them, and are not even read for that.
 */
export class Rest {
  readonly former: UnchangedRun;
  private readonly plan: Plan;
  private readonly store: Store;
  /** The file that the former run's nodes stand in, but for those that differ from it. */
  private readonly base: string;
  private readonly differing: Nodes;
  /** The row of the run, once its end was written. */
  private ended: RunRow | undefined;
  /** What was last made of the lines of all nodes, and for which of them. */
  private made:
    | { readonly changed: readonly (readonly [name: string, node: RunNode])[]; readonly members: RunMembers | undefined }
    | undefined;

  private constructor(former: UnchangedRun, plan: Plan, base: string) {
    this.former = former;
    this.plan = plan;
    this.base = base;
    this.store = plan.request.surroundings.store;
    this.differing = insideOf(former.record.nodes);
  }

  /** What is beside a plan; undefined where the former run's nodes are too few to stand in a file of their own. */
  static of(former: UnchangedRun, plan: Plan): Rest | undefined {
    const base = fileOf(former.record.nodes);
    return base === undefined ? undefined : new Rest(former, plan, base);
  }

  /** All nodes as the former run's record has them. */
  private get before(): Nodes {
    return this.store.runs.nodesOf(this.former.record.nodes) ?? {};
  }

  /** The names of the nodes beside the plan. */
  get others(): string[] {
    return this.former.nodes.flatMap(([node]) => (this.plan.nodes.has(node) ? [] : [node]));
  }

  /** The former run as far as the plan's nodes have a part in it. */
  formerPart(): RunRecord {
    const { before } = this;
    const part = [...this.plan.nodes.keys()].map((name) => [name, before[name] as RunNode]);
    return { ...this.former.record, id: '', started: '', nodes: Object.fromEntries(part) };
  }

  /** The plan of all nodes, given that of the part. */
  planned(part: readonly PlannedNode[]): PlannedNode[] {
    const own = new Map(part.map((one) => [one.node, one]));
    return this.former.nodes.map((one) => own.get(one[0]) ?? plannedUnchanged(one));
  }

  /** The nodes of the part that are otherwise than in the former run. */
  changed(part: Nodes): ChangedNode[] {
    const { before } = this;
    return Object.entries(part).flatMap(([name, after]) =>
      this.plan.nodes.get(name)?.recorded === after ? [] : [{ name, before: before[name] as RunNode, after }],
    );
  }

  /** How the nodes of the part came out that are otherwise, given all nodes. */
  outcomes(nodes: Nodes): Nodes {
    const others = [...this.plan.nodes].flatMap(([name, { recorded }]) => (recorded === undefined ? [[name, nodes[name]] as const] : []));
    return Object.fromEntries(others) as Nodes;
  }

  /** All nodes as records keep them, given those that are otherwise. */
  kept(changed: readonly (readonly [name: string, node: RunNode])[]): KeptNodes {
    return changed.length === 0
      ? this.former.record.nodes
      : { base: this.base, changed: { ...this.differing, ...Object.fromEntries(changed) } };
  }

  private keptOf(part: Nodes): KeptNodes {
    return this.kept(this.changed(part).map(({ name, after }) => [name, after]));
  }

  /** The record of all, given that of the part. */
  whole<Record extends { readonly nodes: Nodes }>(part: Record): Record {
    const { nodes, ...head } = part;
    return withNodes(head, this.keptOf(nodes), this.store) as unknown as Record;
  }

  /** Writes the record of all, given that of the part. */
  write(part: RunRecord): void {
    const row = part.state === 'live' ? undefined : this.newRow(part);
    this.store.runs.writeKept({ ...part, nodes: this.keptOf(part.nodes) }, row);
    this.ended = row;
  }

  /** The row of the run of all, which has ended, given the record of the part. */
  row(part: RunRecord): RunRow {
    return this.ended ?? this.newRow(part);
  }

  private newRow(part: RunRecord): RunRow {
    const changed = this.changed(part.nodes);
    const code = this.members(part.nodes)?.codeMembers;
    const nodes = changed.map((node) => ({ ...node, isFirst: this.isFirst(node.name) }));
    return (code === undefined ? undefined : changedRow(part, { row: this.former.row, code }, nodes)) ?? rowOf(this.whole(part));
  }

  /** Whether an instance is the first one of its node. */
  private isFirst(name: string): boolean {
    const node = nodeOf(name);
    return this.former.nodes.find(([one]) => one === node || one.startsWith(`${node}[`))?.[0] === name;
  }

  /** The hash of the run of all, given how the nodes of the part came out; undefined where what it is made of was damaged meanwhile. */
  hash(part: Nodes): string | undefined {
    return this.members(part)?.hash(this.store.format);
  }

  /** What the hash and the row are made of: the same for both, once all has come out. */
  private members(part: Nodes): RunMembers | undefined {
    const changed = this.changed(part).map(({ name, after }) => [name, after] as const);
    const before = this.made;
    const isSame = before?.changed.length === changed.length && before.changed.every(([name, node]) => part[name] === node);
    if (isSame) return before.members;
    const members = RunMembers.of(this.base, this.store);
    for (const [name, node] of [...Object.entries(this.differing), ...changed]) members?.change(name, node);
    this.made = { changed, members };
    return members;
  }

  /** The outputs of the nodes beside the plan. */
  outputs(): NodeOutputs {
    const { before } = this;
    return new Map(this.others.map((name) => [name, new Map<string, Artifact>(Object.entries(before[name]?.outputs ?? {}))]));
  }

  /** Tells someone who watches a run of all nodes what happens in that of the part. */
  telling(watcher: Watcher): Watcher {
    return { report: (event) => watcher.report(this.told(event)) };
  }

  private told(event: Event): Event {
    return event.type === 'run-started' ? { ...event, nodes: this.planned(event.nodes), record: this.whole(event.record) } : event;
  }
}

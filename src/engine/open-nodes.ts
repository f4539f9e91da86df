import { Marks } from './marks.ts';
import type { NodePlan } from './plan.ts';

/** Where nodes stand, by their places in the order. */
interface Standing {
  add(place: number): unknown;
  delete(place: number): unknown;
}

/** A node whose inputs are there and which has not begun. */
interface OpenNode {
  readonly name: string;
  readonly plan: NodePlan;
  readonly place: number;
  in: Standing;
}

/** Nodes that ask for equal slots. */
interface Queue {
  readonly nodes: Marks;
  /** There was no place for the first of them, and nothing has been given back since. */
  isBlocked: boolean;
}

/**
 * The nodes of a run whose inputs are there and which have not begun: those to be looked at, those that wait for slots, and those whose work
 * another run does. As long as there is no place for one, none is looked at that asks for the same; so a step costs what can begin in it,
 * however many wait.
 */
export class OpenNodes {
  private readonly order: ReadonlyMap<string, number>;
  private readonly nodes = new Map<number, OpenNode>();
  /** The places of all of them. */
  private readonly places: Marks;
  private readonly fresh: Marks;
  private readonly queues = new Map<string, Queue>();
  /** By work. */
  private readonly busy = new Map<string, Set<number>>();

  /** `order`: the places of all nodes in the order in which they begin. */
  constructor(order: ReadonlyMap<string, number>) {
    this.order = order;
    this.places = new Marks(order.size);
    this.fresh = new Marks(order.size);
  }

  get size(): number {
    return this.nodes.size;
  }

  /** Lets a node be looked at, anew if it is here already. */
  add(name: string, plan: NodePlan): void {
    this.delete(name);
    const place = this.order.get(name);
    if (place === undefined) throw new Error(`${name} has no place in the order`);
    const node: OpenNode = { name, plan, place, in: this.fresh };
    this.nodes.set(place, node);
    this.places.add(place);
    this.fresh.add(place);
  }

  delete(name: string): void {
    const node = this.at(name);
    if (node === undefined) return;
    node.in.delete(node.place);
    this.places.delete(node.place);
    this.nodes.delete(node.place);
  }

  /** Whether a node, which is not here yet, would begin before all that are. */
  wouldBeFirst(name: string): boolean {
    return (this.order.get(name) ?? Number.POSITIVE_INFINITY) < (this.places.first ?? Number.POSITIVE_INFINITY);
  }

  /** The first node that may begin, and whether it has been asked before if a result is there; it stays until it is moved or deleted. */
  next(): { readonly name: string; readonly plan: NodePlan; readonly isAsked: boolean } | undefined {
    let { first } = this.fresh;
    let isAsked = false;
    for (const { nodes, isBlocked } of this.queues.values()) {
      const head = isBlocked ? undefined : nodes.first;
      if (head === undefined || (first !== undefined && first < head)) continue;
      first = head;
      isAsked = true;
    }
    const node = first === undefined ? undefined : this.nodes.get(first);
    return node && { name: node.name, plan: node.plan, isAsked };
  }

  /** There is no place for a node. */
  waitForSlots(name: string): void {
    const node = this.at(name);
    if (node === undefined) return;
    const { instance, executor } = node.plan.prepared;
    const { cpu, gpu, memory } = instance.resources;
    const key = `${cpu} ${gpu} ${memory} ${executor.name}`;
    const queue = this.queues.get(key) ?? { nodes: new Marks(this.order.size), isBlocked: true };
    queue.isBlocked = true;
    this.queues.set(key, queue);
    move(node, queue.nodes);
  }

  /** Another run does the work of a node. */
  waitForWork(name: string, work: string): void {
    const node = this.at(name);
    if (node === undefined) return;
    const nodes = this.busy.get(work) ?? new Set();
    this.busy.set(work, nodes);
    move(node, nodes);
  }

  /** Work has ended; undefined: slots were given back. Returns whether a node may begin that could not before. */
  freed(work: string | undefined): boolean {
    if (work !== undefined) {
      const same = [...(this.busy.get(work) ?? [])];
      this.busy.delete(work);
      for (const place of same) {
        const node = this.nodes.get(place);
        if (node !== undefined) move(node, this.fresh);
      }
    } else for (const queue of this.queues.values()) queue.isBlocked = false;
    return this.next() !== undefined;
  }

  private at(name: string): OpenNode | undefined {
    return this.nodes.get(this.order.get(name) ?? -1);
  }
}

function move(node: OpenNode, to: Standing): void {
  node.in.delete(node.place);
  to.add(node.place);
  node.in = to;
}

import type { NodePlan } from './plan.ts';

/** A node whose inputs are there and which has not begun. */
interface OpenNode {
  readonly plan: NodePlan;
  /** Rises with each that opens. */
  readonly order: number;
}

type Place = Map<string, OpenNode>;

/** Nodes that ask for equal slots, in the order in which they came. */
interface Queue {
  readonly nodes: Place;
  /** There was no place for the first of them, and nothing has been given back since. */
  isBlocked: boolean;
}

/**
 * The nodes of a run whose inputs are there and which have not begun: those to be looked at, those that wait for slots, and those whose work
 * another run does. As long as there is no place for one, none is looked at that asks for the same; so a step costs what can begin in it,
 * however many wait.
 */
export class OpenNodes {
  private readonly fresh: Place = new Map();
  private readonly queues = new Map<string, Queue>();
  /** By work. */
  private readonly busy = new Map<string, Place>();
  private readonly places = new Map<string, Place>();
  private order = 0;

  get size(): number {
    return this.places.size;
  }

  /** Lets a node be looked at, anew if it is here already. */
  add(name: string, plan: NodePlan): void {
    this.order += 1;
    this.move(name, { plan, order: this.order }, this.fresh);
  }

  delete(name: string): void {
    this.places.get(name)?.delete(name);
    this.places.delete(name);
  }

  /** The first node that may begin, and whether it has been asked before if a result is there; it stays until it is moved or deleted. */
  next(): { readonly name: string; readonly plan: NodePlan; readonly isAsked: boolean } | undefined {
    let first: readonly [string, OpenNode] | undefined;
    let isAsked = false;
    const meet = (nodes: Place, asked: boolean): void => {
      const [head] = nodes;
      if (head === undefined || (first !== undefined && first[1].order < head[1].order)) return;
      first = head;
      isAsked = asked;
    };
    meet(this.fresh, false);
    for (const { nodes, isBlocked } of this.queues.values()) if (!isBlocked) meet(nodes, true);
    return first === undefined ? undefined : { name: first[0], plan: first[1].plan, isAsked };
  }

  /** There is no place for a node. */
  waitForSlots(name: string): void {
    const node = this.places.get(name)?.get(name);
    if (node === undefined) return;
    const { instance, executor } = node.plan.prepared;
    const { cpu, gpu, memory } = instance.resources;
    const key = `${cpu} ${gpu} ${memory} ${executor.name}`;
    const queue = this.queues.get(key) ?? { nodes: new Map(), isBlocked: true };
    queue.isBlocked = true;
    this.queues.set(key, queue);
    if (!queue.nodes.has(name)) this.move(name, node, queue.nodes);
  }

  /** Another run does the work of a node. */
  waitForWork(name: string, work: string): void {
    const node = this.places.get(name)?.get(name);
    if (node === undefined) return;
    const nodes: Place = this.busy.get(work) ?? new Map();
    this.busy.set(work, nodes);
    this.move(name, node, nodes);
  }

  /** Work has ended; undefined: slots were given back. Returns whether a node may begin that could not before. */
  freed(work: string | undefined): boolean {
    if (work !== undefined) {
      const same = [...(this.busy.get(work) ?? [])];
      this.busy.delete(work);
      for (const [name, node] of same) this.move(name, node, this.fresh);
    } else for (const queue of this.queues.values()) queue.isBlocked = false;
    return this.next() !== undefined;
  }

  private move(name: string, node: OpenNode, to: Place): void {
    this.places.get(name)?.delete(name);
    to.set(name, node);
    this.places.set(name, to);
  }
}

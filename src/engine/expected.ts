import { exactJson } from '../model/canonical.ts';
import type { Expected } from '../model/event.ts';
import type { Instance } from '../model/pipeline.ts';
import type { RunNode, RunRecord } from '../model/run.ts';
import type { Plan } from './plan.ts';
import { recordedCode } from './recorded-node.ts';

/** How many runs are read, of how many nodes in all; how many executions of a node are noted, and how many are enough to go by. */
const MOST = { runs: 20, nodes: 1000, alike: 50, executions: 5 };

/** One execution of a node, as a record tells of it. */
interface Execution {
  readonly params: string;
  readonly code: string | undefined;
  readonly seconds: number;
  readonly bytes: number;
}

function executionOf({ params, code, seconds = 0, outputs = {} }: RunNode): Execution {
  return { params: exactJson(params), code, seconds, bytes: Object.values(outputs).reduce((sum, { size }) => sum + size, 0) };
}

/** What earlier runs say of the executions of nodes, by the names of instances and of their nodes, newest first. */
class Executions {
  private readonly found = new Map<string, Execution[]>();
  private readonly seen = new Set<string>();
  private readonly asked: ReadonlySet<string>;

  /** `asked`: the names of instances and nodes of which is told. */
  constructor(asked: ReadonlySet<string>) {
    this.asked = asked;
  }

  /** Notes those of a run: one that later runs reused counts once. */
  add({ nodes }: RunRecord): void {
    for (const [name, node] of Object.entries(nodes)) {
      const { state, seconds, fingerprint = '', recipe } = node;
      if (!this.asked.has(name) && !this.asked.has(recipe?.node ?? name)) continue;
      if (seconds === undefined || (state !== 'executed' && state !== 'reused')) continue;
      const key = `${name} ${fingerprint} ${seconds}`;
      if (this.seen.has(key)) continue;
      this.seen.add(key);
      const execution = executionOf(node);
      for (const one of new Set([name, recipe?.node ?? name])) this.addTo(one, execution);
    }
  }

  private addTo(name: string, execution: Execution): void {
    const known = this.found.get(name) ?? [];
    if (known.length < MOST.alike) known.push(execution);
    this.found.set(name, known);
  }

  get isEmpty(): boolean {
    return this.found.size === 0;
  }

  of({ instance: { name, node, params }, codeOf }: Work): Pick<Expected, 'of'> & { readonly executions: readonly Execution[] } {
    const own = this.found.get(name) ?? [];
    const siblings = this.found.get(node) ?? [];
    if (siblings.length === 0) return { of: 'siblings', executions: [] };
    const wanted = exactJson(params);
    const code = own.length === 0 ? '' : codeOf();
    const choices: readonly (readonly [Expected['of'], readonly Execution[]])[] = [
      ['same', own.filter((one) => one.params === wanted && one.code === code)],
      ['former', own.filter((one) => one.params === wanted)],
      ['former', own],
      ['siblings', siblings.filter((one) => one.params === wanted)],
      ['siblings', siblings],
    ];
    const [of, executions] = choices.find(([, found]) => found.length > 0) ?? ['siblings', []];
    return { of, executions: executions.slice(0, MOST.executions) };
  }
}

/** An instance, and what its own code is called in records, for who asks. */
interface Work {
  readonly instance: Instance;
  readonly codeOf: () => string;
}

function summary({ of, executions }: ReturnType<Executions['of']>): Expected | undefined {
  const took = executions.map(({ seconds }) => seconds);
  const sorted = took.toSorted((a, b) => a - b);
  const [least, most] = [sorted[0], sorted.at(-1)];
  if (least === undefined || most === undefined) return undefined;
  const middle = (sorted.length - 1) / 2;
  const seconds = ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
  return { seconds, least, most, known: sorted.length, took, of, bytes: executions[0]?.bytes ?? 0 };
}

/** The works of a plan that may be executed. */
function worksOf({ nodes }: Plan): readonly Work[] {
  return [...nodes.values()].flatMap(({ action, prepared }) =>
    action === 'reuse' ? [] : [{ instance: prepared.instance, codeOf: () => recordedCode(prepared) }],
  );
}

/**
 * What executing the nodes of a plan took before, by name, from the records of earlier runs, newest first: of the same work if that is
 * known, else of what the node was, else of other instances of it. Nothing where none of them came out.
 */
export function expectedOf(plan: Plan, records: Iterable<RunRecord>): ReadonlyMap<string, Expected> {
  const works = worksOf(plan);
  const executions = new Executions(new Set(works.flatMap(({ instance: { name, node } }) => [name, node])));
  let [runs, nodes] = [0, 0];
  const isKnown = (work: Work): boolean => executions.of(work).executions.length >= MOST.executions;
  if (works.length > 0)
    for (const record of records) {
      executions.add(record);
      runs += 1;
      nodes += Object.keys(record.nodes).length;
      if (runs >= MOST.runs || nodes >= MOST.nodes || works.every(isKnown)) break;
    }
  if (executions.isEmpty) return new Map();
  return new Map(
    works.flatMap((work) => {
      const found = summary(executions.of(work));
      return found === undefined ? [] : [[work.instance.name, found] as const];
    }),
  );
}

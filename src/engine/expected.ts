import { exactJson } from '../model/canonical.ts';
import type { Expected } from '../model/event.ts';
import type { Instance } from '../model/pipeline.ts';
import type { RunNode, RunRecord } from '../model/run.ts';

/** How many runs are read, of how many nodes in all; how many executions of a node are noted, and how many are enough to go by. */
const MOST = { runs: 20, nodes: 20_000, alike: 50, executions: 5 };

/** One execution of a node, as a record tells of it. */
interface Execution {
  readonly params: string;
  readonly seconds: number;
  readonly bytes: number;
}

function executionOf({ params, seconds = 0, outputs = {} }: RunNode): Execution {
  return { params: exactJson(params), seconds, bytes: Object.values(outputs).reduce((sum, { size }) => sum + size, 0) };
}

/** What earlier runs say of the executions of nodes, by the names of instances and of their nodes, newest first. */
class Executions {
  private readonly found = new Map<string, Execution[]>();
  private readonly seen = new Set<string>();

  /** Notes those of a run: one that later runs reused counts once. */
  add({ nodes }: RunRecord): void {
    for (const [name, node] of Object.entries(nodes)) {
      const { state, seconds, fingerprint = '', recipe } = node;
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

  of({ name, node, params }: Instance): readonly Execution[] {
    const own = this.found.get(name) ?? this.found.get(node) ?? [];
    const wanted = exactJson(params);
    const alike = own.filter((one) => one.params === wanted);
    return (alike.length > 0 ? alike : own).slice(0, MOST.executions);
  }
}

function summary(executions: readonly Execution[]): Expected | undefined {
  const sorted = executions.map(({ seconds }) => seconds).sort((a, b) => a - b);
  const [least, most] = [sorted[0], sorted.at(-1)];
  if (least === undefined || most === undefined) return undefined;
  const middle = (sorted.length - 1) / 2;
  const seconds = ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
  return { seconds, least, most, known: sorted.length, bytes: executions[0]?.bytes ?? 0 };
}

/**
 * What executing instances took before, by name, from the records of earlier runs, newest first. Of an instance that never ran, what others
 * of its node took; nothing where none of them did.
 */
export function expectedOf(instances: readonly Instance[], records: Iterable<RunRecord>): ReadonlyMap<string, Expected> {
  const executions = new Executions();
  let [runs, nodes] = [0, 0];
  const isKnown = (instance: Instance): boolean => executions.of(instance).length >= MOST.executions;
  if (instances.length > 0)
    for (const record of records) {
      executions.add(record);
      runs += 1;
      nodes += Object.keys(record.nodes).length;
      if (runs >= MOST.runs || nodes >= MOST.nodes || instances.every(isKnown)) break;
    }
  return new Map(
    instances.flatMap((instance) => {
      const found = summary(executions.of(instance));
      return found === undefined ? [] : [[instance.name, found] as const];
    }),
  );
}

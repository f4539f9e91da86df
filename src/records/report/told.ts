import { isObject, parseJson } from '../../files/json.ts';
import type { Runs } from '../../model/store.ts';
import type { Curve } from '../../model/report.ts';

/** What the events of a run tell that its record does not. */
export interface Told {
  /** The metrics over steps, by node. */
  readonly curves: ReadonlyMap<string, readonly Curve[]>;
  /** When nodes could begin and when they ended, ISO 8601. */
  readonly times: ReadonlyMap<string, { readonly began: string; readonly ended?: string }>;
}

/** The members of the events that are read here. */
interface ReadEvent {
  readonly type: string;
  readonly time?: string;
  readonly node?: string;
  readonly name?: string;
  readonly value?: number;
  readonly step?: number;
}

const NODE_TIMES = ['"node-started"', '"node-ended"'];

/** Reads the events of runs, of each once. */
export class Telling {
  private readonly runs: Runs;
  private readonly known = new Map<string, Told>();

  constructor(runs: Runs) {
    this.runs = runs;
  }

  /** What a run's events tell; nothing where they are gone. */
  of(run: string): Told {
    const told = this.known.get(run) ?? this.read(run);
    this.known.set(run, told);
    return told;
  }

  private read(run: string): Told {
    const points = new Map<string, Map<string, Map<number, number>>>();
    const times = new Map<string, { began: string; ended?: string }>();
    for (const line of this.runs.events(run)) {
      const isMetric = line.includes('"node-metric"') && line.includes('"step"');
      if (!isMetric && !NODE_TIMES.some((type) => line.includes(type))) continue;
      const { type, time = '', node, name, value, step }: Partial<ReadEvent> = parseJson(line, isObject) ?? {};
      if (node === undefined) continue;
      if (type === 'node-started') times.set(node, { began: times.get(node)?.began ?? time });
      const began = times.get(node)?.began;
      if (type === 'node-ended' && began !== undefined) times.set(node, { began, ended: time });
      if (type !== 'node-metric' || name === undefined || typeof value !== 'number' || typeof step !== 'number') continue;
      const own = points.get(node) ?? new Map<string, Map<number, number>>();
      points.set(node, own);
      own.set(name, (own.get(name) ?? new Map()).set(step, value));
    }
    const curves = [...points].map(([node, metrics]): [string, Curve[]] => [
      node,
      [...metrics].map(([metric, steps]) => ({ node, metric, points: [...steps].sort(([a], [b]) => a - b) })),
    ]);
    return { curves: new Map(curves), times };
  }
}

import type { JsonObject } from '../../model/json.ts';
import { amount } from '../../text/amounts.ts';

/** What `stillroom.yaml` says of an executor, with what it leaves out. */
export interface SlurmSettings {
  readonly partition?: string;
  readonly account?: string;
  readonly qos?: string;
  readonly constraint?: string;
  readonly gres: string;
  readonly time?: string;
  /** Bytes. */
  readonly memory: number;
  readonly cpus: number;
  readonly modules: readonly string[];
  readonly setup: readonly string[];
  readonly sbatch: readonly string[];
  readonly jobs: number;
  /** Seconds that a node takes at most which pilots execute. */
  readonly pilot: number;
  /** Milliseconds between two questions to squeue. */
  readonly poll: number;
  /** Milliseconds that a node has to end when it is asked to; undefined: as usual. */
  readonly grace: number | undefined;
}

/** Reads settings that were checked against their schema. */
export function readSettings(settings: JsonObject): SlurmSettings {
  const given = settings as Partial<Omit<SlurmSettings, 'memory' | 'poll' | 'grace' | 'pilot'>>;
  const measured = (name: string): number | undefined => {
    const value = settings[name];
    return typeof value === 'string' ? amount(value) : undefined;
  };
  const grace = measured('grace');
  return {
    ...given,
    gres: given.gres ?? 'gpu',
    memory: measured('memory') ?? 0,
    cpus: given.cpus ?? 1,
    modules: given.modules ?? [],
    setup: given.setup ?? [],
    sbatch: given.sbatch ?? [],
    jobs: given.jobs ?? 200,
    pilot: measured('pilot') ?? 60,
    poll: (measured('poll') ?? 15) * 1000,
    grace: grace === undefined ? undefined : grace * 1000,
  };
}

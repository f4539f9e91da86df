import { cpus, loadavg } from 'node:os';

/** How busy the machine was besides a measurement. */
export interface Load {
  /** Processes that ran or waited to, on average over the last minute. */
  readonly before: number;
  readonly after: number;
  /** Share of all cores that others used meanwhile. */
  readonly others: number;
}

/** Milliseconds of CPU since the start: of all processes of the machine, and of this one. */
function cpuTimes(): { readonly all: number; readonly own: number } {
  const { user, system } = process.cpuUsage();
  const all = cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
  return { all, own: (user + system) / 1000 };
}

/** Begins to watch the machine; the function that it returns says how busy others were since. */
export function watchLoad(): () => Load {
  const before = loadavg()[0] ?? 0;
  const times = cpuTimes();
  const start = performance.now();
  return () => {
    const now = cpuTimes();
    const available = (performance.now() - start) * cpus().length;
    const others = (now.all - times.all - (now.own - times.own)) / available;
    return { before, after: loadavg()[0] ?? 0, others: Math.min(Math.max(others, 0), 1) };
  };
}

/** The most memory that this process has held at once so far, in MiB. */
export function peakMemory(): number {
  return process.resourceUsage().maxRSS / 1024;
}

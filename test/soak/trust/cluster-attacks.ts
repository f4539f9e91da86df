import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../../executors/slurm/cluster.ts';
import type { S3Server } from '../../stores/s3-server.ts';
import type { Coordinator } from './cluster-coordinator.ts';
import { descendants, kill, type Process, processes } from './processes.ts';

/** What there is to kill. */
export interface Targets {
  readonly cluster: Cluster;
  readonly bucket: S3Server;
  readonly coordinators: readonly Coordinator[];
  /** The folder in which all of it lies: nothing else is touched. */
  readonly root: string;
}

/** Daemons, each with the longest that it stays away, in milliseconds: a machine that is away for ten seconds has failed. */
const DAEMONS: readonly (readonly [daemon: string, longest: number])[] = [
  ['ctld', 4000],
  ['n1', 14_000],
  ['n2', 3000],
  ['n3', 3000],
];

/** What is attacked, each as often as it stands here. Of jobs there is often none: then that time passes. */
const KINDS = shares({ coordinator: 3, job: 6, node: 2, daemon: 2, bucket: 2 });

/** Each name as often as its share. */
function shares<Name extends string>(of: Readonly<Record<Name, number>>): readonly Name[] {
  return (Object.entries(of) as [Name, number][]).flatMap(([name, share]) => Array.from({ length: share }, () => name));
}

/** Kills at random, and starts again after a random while what nobody else would. */
export class Attacks {
  readonly counts: Record<string, number> = {};
  private readonly targets: Targets;
  private readonly random: () => number;
  private readonly away = new Set<string>();
  private readonly returns: Promise<void>[] = [];

  constructor(targets: Targets, random: () => number) {
    this.targets = targets;
    this.random = random;
  }

  /** Makes one attack; in words what was killed, undefined where there was nothing of the kind that the dice said. */
  one(): string | undefined {
    const kind = this.oneOf(KINDS) ?? 'coordinator';
    const made = this[kind]();
    if (made !== undefined) this.counts[kind] = (this.counts[kind] ?? 0) + 1;
    return made;
  }

  /** Waits until everything that is started again is there. */
  async over(): Promise<void> {
    await Promise.all(this.returns);
  }

  private coordinator(): string | undefined {
    const one = this.oneOf(this.targets.coordinators.filter(({ pid }) => pid !== undefined));
    one?.kill();
    return one === undefined ? undefined : `coordinator ${one.name}`;
  }

  /** Of a job one process, the group of one, or all. What Slurm itself watches it with lives on: without that it believes for long that it runs. */
  private job(): string | undefined {
    const all = processes();
    const shepherds = all.filter(({ command }) => /^slurmstepd: \[/.test(command)).filter(({ pid }) => this.isOurs(pid, all));
    const shepherd = this.oneOf(shepherds);
    if (shepherd === undefined) return undefined;
    return this.killSome(`job ${shepherd.command.trim()}`, descendants(shepherd.pid, all));
  }

  /** Of what a coordinator executes itself the same. */
  private node(): string | undefined {
    const one = this.oneOf(this.targets.coordinators.filter(({ pid }) => pid !== undefined));
    const below = descendants(one?.pid ?? -1);
    return below.length === 0 ? undefined : this.killSome(`below ${one?.name}`, below, false);
  }

  private daemon(): string | undefined {
    const { cluster } = this.targets;
    const [daemon, longest] = this.oneOf(DAEMONS) as (typeof DAEMONS)[number];
    const milliseconds = this.random() * longest;
    const pid = cluster.pid(daemon);
    // One that has just come back may not have written down its number yet.
    const lives = processes().some((one) => one.pid === pid && /slurm(?:ctld|d)\b/.test(one.command));
    if (this.away.has(daemon) || !lives) return undefined;
    kill(pid);
    this.comesBack(daemon, milliseconds, async () => cluster.start(daemon));
    return `${daemon} for ${Math.round(milliseconds)} ms`;
  }

  private bucket(): string | undefined {
    const milliseconds = this.random() * 3000;
    if (this.away.has('bucket')) return undefined;
    this.targets.bucket.stop();
    this.comesBack('bucket', milliseconds, () => this.targets.bucket.start());
    return `bucket for ${Math.round(milliseconds)} ms`;
  }

  private killSome(what: string, among: readonly Process[], mayAll = true): string {
    const one = this.oneOf(among) as Process;
    const way = this.random();
    const group = among.some(({ pid }) => pid === one.group);
    if (mayAll && way < 0.2) for (const { pid } of among) kill(pid);
    else kill(way < 0.5 && group ? -one.group : one.pid);
    return `${what}: ${mayAll && way < 0.2 ? 'all' : one.command.replaceAll('\n', ' ').slice(0, 60)}${way >= 0.2 && way < 0.5 && group ? ' and its group' : ''}`;
  }

  /** Whether a process descends from a daemon of this cluster, or has to do with its folder. */
  private isOurs(pid: number, all: readonly Process[]): boolean {
    const below = descendants(pid, all);
    return below.some(({ environment, command }) => `${environment}${command}`.includes(this.targets.root));
  }

  private comesBack(name: string, milliseconds: number, start: () => Promise<void>): void {
    this.away.add(name);
    const returned = async (): Promise<void> => {
      await sleep(milliseconds);
      await start();
      this.away.delete(name);
    };
    this.returns.push(returned());
  }

  private oneOf<One>(all: readonly One[]): One | undefined {
    return all[Math.floor(this.random() * all.length)];
  }
}

import { join } from 'node:path';
import type { Command, Timer } from '../measuring/timer.ts';

/** Where a row's work is measured: folders of its own, and with what. */
export interface Site {
  /** An empty folder for all that the row makes. */
  readonly folder: string;
  /** The Node that Stillroom is run by. */
  readonly node: string;
  readonly timer: Timer;
  /** Programs of others, by name: where each is installed. */
  readonly others: Readonly<Record<string, string>>;
}

/** What is measured of a row: Stillroom, another program at the same work, or the least that the work can take. */
export interface Contender {
  readonly name: string;
  /** Brings about the state in which it is measured; returns what is started then, together, and timed until the last has ended. */
  commands(round: number): readonly Command[] | Promise<readonly Command[]>;
}

/** A line of the table. */
export interface Row {
  readonly name: string;
  /** What it may take at most. */
  readonly wanted: string;
  /** The most rounds that are worth their time. */
  readonly rounds?: number;
  /** Makes what Stillroom works on. What it returns is measured once for each Node; its first entry is Stillroom itself. */
  prepare(site: Site): Promise<readonly Contender[]> | readonly Contender[];
  /** Makes what others work on, and what the least work is. */
  beside?(site: Site): Promise<readonly Contender[]> | readonly Contender[];
}

/** The command line of Stillroom in a folder, as an installed package starts it. What it keeps for the user lies in the row's own folder. */
export function stillroom({ node, folder }: Site, project: string, ...args: readonly string[]): Command {
  return {
    words: [node, join(process.cwd(), 'dist/cli.cjs'), ...args],
    folder: project,
    env: { XDG_CACHE_HOME: join(folder, 'cache'), CI: '1' },
  };
}

/** An empty Node process. */
export function emptyNode({ node, folder }: Site): Contender {
  return always('an empty Node', { words: [node, '-e', ''], folder });
}

/** A number with its digits in groups, without commas: those stand between the names of rows. */
export function grouped(count: number): string {
  return count.toLocaleString('en').replaceAll(',', ' ');
}

/** What is measured as it is, round after round. */
export function always(name: string, ...commands: readonly Command[]): Contender {
  return { name, commands: () => commands };
}

import { readdirSync, readFileSync } from 'node:fs';

/** A process, as the system tells of it. */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** Its command line and its environment, as texts to look for something in. */
  readonly command: string;
  readonly environment: string;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/** The processes that there are, without those that have ended and are only waited for. */
export function processes(): Process[] {
  return readdirSync('/proc').flatMap((name) => {
    const [, parent, group] = /^\d+ \(.*\) [^ZX] (\d+) (\d+)/s.exec(read(`/proc/${name}/stat`)) ?? [];
    if (!/^\d+$/.test(name) || parent === undefined) return [];
    const [command, environment] = ['cmdline', 'environ'].map((file) => read(`/proc/${name}/${file}`).replaceAll('\0', ' '));
    return [{ pid: Number(name), parent: Number(parent), group: Number(group), command: command ?? '', environment: environment ?? '' }];
  });
}

/** The processes that descend from one, of those that there are. */
export function descendants(pid: number, all: readonly Process[] = processes()): Process[] {
  return all.filter(({ parent }) => parent === pid).flatMap((child) => [child, ...descendants(child.pid, all)]);
}

/** Kills a process, or with a negative number a group of them; one that has ended meanwhile is none. */
export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { isObject } from './json.ts';

/** A process, told apart from all others on all machines. */
export interface Owner {
  readonly id: string;
  readonly host: string;
  /** Which start of the machine, and which of its tables of processes: only there a pid says anything. */
  readonly machine: string;
  readonly pid: number;
  /** When the process began, as the kernel counts: pids are used again. */
  readonly began: string;
}

function read(work: () => string): string {
  try {
    return work().trim();
  } catch {
    return '';
  }
}

/** When a process began; `gone` where it has ended and nobody has taken notice yet; empty where the system does not say. */
function beginOf(pid: number): string {
  const stat = read(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  // After the name, which may hold anything: the state first, the beginning as the twentieth.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? 'gone' : (fields[19] ?? '');
}

function machineNow(): string {
  const boot = read(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'));
  const processes = read(() => readlinkSync('/proc/self/ns/pid'));
  return `${boot} ${processes}`.trim();
}

/** This process, under a name of its own. */
export function thisProcess(): Owner {
  const { pid } = process;
  return { id: randomBytes(8).toString('hex'), host: hostname(), machine: machineNow(), pid, began: beginOf(pid) };
}

/** Whether a value is a note of who someone is. */
export function isOwner(value: unknown): value is Owner {
  return (
    isObject(value) &&
    ['id', 'host', 'machine', 'began'].every((name) => typeof value[name] === 'string') &&
    typeof value['pid'] === 'number'
  );
}

/** Whether a process lives; undefined where that cannot be seen from here: it is on another machine. */
export function livesHere(owner: Owner, here: Owner): boolean | undefined {
  if (owner.host !== here.host || owner.machine !== here.machine) return undefined;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return beginOf(owner.pid) === owner.began;
}

import { arch, availableParallelism, cpus, homedir, machine, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { lockFile } from '../../files/lock.ts';
import type { Capacity, ExecutorFacts, Hold, Need } from '../../model/executor.ts';
import type { JsonObject } from '../../model/json.ts';
import { amount } from '../../text/amounts.ts';
import { takeDevices } from './devices.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** This machine's facts. */
export function machineFacts(engines: ExecutorFacts['engines']): ExecutorFacts {
  return {
    platform: `${platform()}-${arch()}-node${process.versions.node.split('.')[0]}`,
    engines,
    machine: {
      cpu: cpus()[0]?.model ?? machine(),
      cores: availableParallelism(),
      memory: totalmem(),
      accelerator: Object.values(engines).some(({ device }) => device === 'gpu') ? 'gpu' : 'cpu',
      system: `${platform()} ${release()}`,
      node: process.versions.node,
      v8: process.versions.v8,
    },
  };
}

/** What may be used of this machine at once: all of it, or what the settings leave. */
export function machineCapacity(devices: readonly string[], settings: JsonObject): Capacity {
  const { cpu, gpu, memory } = settings as { readonly cpu?: number; readonly gpu?: number; readonly memory?: string };
  return {
    cpu: cpu ?? availableParallelism(),
    gpu: Math.min(gpu ?? devices.length, devices.length),
    memory: memory === undefined ? totalmem() : amount(memory),
  };
}

/** Where nodes are held: the variables of the coordinator, and the devices that it may give away. */
export interface Machine {
  readonly environment: Environment;
  readonly devices: readonly string[];
}

/** Where a user's locks on the machine itself lie. */
function machineFolder(environment: Environment): string {
  return join(environment['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'stillroom', 'machine');
}

/**
 * Lets many nodes of all of this user's runs work at once, or one alone that measures the machine, and gives each devices of its own. One
 * that wants to be alone holds the door, so that those already working end and no new one enters.
 */
export async function holdMachine(
  { environment, devices }: Machine,
  { alone, gpu }: Need,
  { signal, onWait }: { readonly signal: AbortSignal; readonly onWait: () => void },
): Promise<Hold | undefined> {
  const folder = machineFolder(environment);
  const door = await lockFile(join(folder, 'door'), signal, { onWait });
  if (door === undefined) return undefined;
  const inside = await lockFile(join(folder, 'inside'), signal, { onWait, shared: !alone });
  const locks = [...(inside === undefined ? [] : [inside]), ...(alone ? [door] : [])];
  if (!alone) door.release();
  const taken = inside === undefined ? undefined : await takeDevices(gpu, { folder, devices }, signal);
  locks.push(...(taken?.values() ?? []));
  const release = (): void => {
    for (const lock of locks) lock.release();
  };
  if (taken === undefined) {
    release();
    return undefined;
  }
  return { devices: [...taken.keys()], descriptors: locks.map(({ descriptor }) => descriptor), release };
}

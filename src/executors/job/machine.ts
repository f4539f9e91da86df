import { arch, availableParallelism, cpus, homedir, machine, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { lockFile } from '../../files/lock.ts';
import type { Capacity, ExecutorFacts, Hold, Need } from '../../model/executor.ts';

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
      accelerator: engines['tensorflow']?.['device'] ?? 'cpu',
      system: `${platform()} ${release()}`,
      node: process.versions.node,
      v8: process.versions.v8,
    },
  };
}

/** What this machine has. */
export function machineCapacity(engines: ExecutorFacts['engines']): Capacity {
  return { cpu: availableParallelism(), gpu: engines['tensorflow']?.['device'] === 'gpu' ? 1 : 0, memory: totalmem() };
}

/** Where a user's locks on the machine itself lie. */
function machineFolder(environment: Environment): string {
  return join(environment['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'stillroom', 'machine');
}

/**
 * Lets many nodes of all of this user's runs work at once, or one alone that measures the machine. One that wants to be alone holds the
 * door, so that those already working end and no new one enters.
 */
export async function holdMachine(
  { alone }: Need,
  environment: Environment,
  signal: AbortSignal,
  onWait: () => void,
): Promise<Hold | undefined> {
  const folder = machineFolder(environment);
  const door = await lockFile(join(folder, 'door'), signal, onWait);
  if (door === undefined) return undefined;
  const inside = await lockFile(join(folder, 'inside'), signal, onWait, !alone);
  if (inside === undefined || !alone) door.release();
  if (inside === undefined) return undefined;
  const locks = alone ? [inside, door] : [inside];
  return {
    devices: [],
    descriptors: locks.map(({ descriptor }) => descriptor),
    release() {
      for (const { release } of locks) release();
    },
  };
}

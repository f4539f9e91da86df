import { lstatSync } from 'node:fs';
import { arch, availableParallelism, cpus, homedir, machine, platform, release, tmpdir, totalmem, userInfo } from 'node:os';
import { join } from 'node:path';
import { makeFolders } from '../../files/folder.ts';
import { mayBeShared } from '../../files/shared-file-system.ts';
import type { Capacity, ExecutorFacts, Hold, Need } from '../../model/executor.ts';
import type { JsonObject } from '../../model/json.ts';
import type { Asker } from '../../model/waiting.ts';
import { amount } from '../../text/amounts.ts';
import { MachineQueue } from './queue.ts';

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

/** Milliseconds that a node which measures lets others pass, unless the settings say otherwise. */
const PATIENCE = 3_600_000;

/** How long a node that measures lets others pass, in milliseconds. */
export function machinePatience({ patience }: JsonObject): number {
  return typeof patience === 'string' ? amount(patience) * 1000 : PATIENCE;
}

/** Where nodes are held: the variables of the coordinator, the devices that it may give away, and how long who measures lets others pass. */
export interface Machine {
  readonly environment: Environment;
  readonly devices: readonly string[];
  readonly patience: number;
}

/** The queues of machines that were asked for before. */
const queues = new WeakMap<Machine, MachineQueue>();

function queueOf(machine: Machine): MachineQueue {
  const queue = queues.get(machine) ?? new MachineQueue(machineFolder(machine.environment));
  queues.set(machine, queue);
  return queue;
}

/** Where a user's locks on the machine itself lie: in the user's cache, unless other machines have that folder too, as homes of clusters often are. */
function machineFolder(environment: Environment): string {
  const cache = join(environment['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'stillroom', 'machine');
  if (!mayBeShared(cache)) return cache;
  const folder = join(tmpdir(), `stillroom-${userInfo().uid}`);
  makeFolders(folder);
  // A folder that someone else made there might be made to wait for.
  return lstatSync(folder).uid === userInfo().uid ? join(folder, 'machine') : cache;
}

/** What a node needs of the machine. */
export interface MachineNeed extends Need {
  /** False: no one inherits the descriptors of what is held. */
  readonly isInherited?: boolean;
}

/**
 * Lets many nodes of all of this user's runs work at once, or one alone that measures the machine, and gives each devices of its own. Whose
 * turn it is `decide` says.
 */
export async function holdMachine(machine: Machine, need: MachineNeed, asker: Asker): Promise<Hold | undefined> {
  const { devices, patience } = machine;
  const { alone, gpu, beside = false, isInherited = true } = need;
  const begun = await queueOf(machine).begin({ alone, gpu, candidates: devices, beside, patience, isInherited }, asker);
  if (begun === undefined) return undefined;
  const { devices: given, descriptor, beside: others, end } = begun;
  return { devices: given, descriptors: [descriptor], release: end, ...(others === undefined ? {} : { beside: others }) };
}

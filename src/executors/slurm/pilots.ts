import { removeTree } from '../../files/remove.ts';
import { exactJson } from '../../model/canonical.ts';
import { crewsOf } from '../cluster/worklist.ts';
import { handedSecrets } from './submit.ts';
import { cancelWaiting, PilotGroup, type Piloting, type SmallJob } from './pilot-group.ts';
import type { PilotedJob } from './piloted-job.ts';

/** Gives small nodes to pilots: those that ask for the same have one list, and as many jobs as its work is worth. */
export class Pilots {
  private readonly piloting: Piloting;
  private readonly groups = new Map<string, PilotGroup>();

  constructor(piloting: Piloting) {
    this.piloting = piloting;
  }

  /** Puts an attempt on a list that pilots work through; it lies in its folder, prepared. */
  add(small: SmallJob): PilotedJob {
    const { specification, secrets } = small.job;
    // A job is handed its secrets when it is submitted: pilots have those of all that they may execute, and no others.
    const key = exactJson([specification.run, specification.resources, handedSecrets(secrets)]);
    const known = this.groups.get(key);
    const group = known?.isOpen === true ? known : new PilotGroup(small.job, this.piloting);
    this.groups.set(key, group);
    return group.add(small);
  }
}

/** Ends the pilots of a list that was left by a coordinator which is gone: what they execute goes on, and nothing more begins. */
export async function endPilots(list: string, environment: Record<string, string>): Promise<void> {
  const crews = crewsOf(list);
  removeTree(list);
  for (const crew of crews) await cancelWaiting(crew, environment);
}

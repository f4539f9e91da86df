import { faultsAt, type Places, prepare, runSynced, withPlaces } from './synced-commands.ts';
import type { AttackedCommand } from './attacked-commands.ts';
import type { SmallProject } from './small-project.ts';
import type { Findings, Trial } from './trial.ts';

/** Moments of a command that are looked at, from its end on: a sync that matters is missed soon. */
const MOMENTS = 12;

/** Where nodes are executed, which syncs other files. */
const PROJECTS: readonly SmallProject[] = [{ learns: true }, { executor: 'detached' }];

/** What shows that a kind of sync was left out of a command; undefined: nothing does. */
async function missed(kind: string, command: AttackedCommand, places: Places): Promise<string | undefined> {
  const run = runSynced(command, places, kind);
  const step = Math.max(1, (run.moments - 1) / MOMENTS);
  for (let moment = run.moments - 1; moment >= 0; moment -= step) {
    const [fault] = await faultsAt(run, Math.round(moment), command, places);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

async function attack(attacks: number, places: Places, tell: (line: string) => void): Promise<Findings> {
  const faults: string[] = [];
  const known = new Set<string>();
  for (const project of PROJECTS) {
    const commands = await prepare(places, project);
    const kinds = new Map<string, AttackedCommand[]>();
    for (const command of commands)
      for (const kind of runSynced(command, places).kinds) kinds.set(kind, [...(kinds.get(kind) ?? []), command]);
    for (const [kind, own] of kinds) {
      if (known.has(kind) || known.size >= attacks) continue;
      known.add(kind);
      let found: string | undefined;
      for (const command of own) found ??= await missed(kind, command, places);
      tell(`${kind}: ${found ?? 'not missed'}`);
      if (found === undefined) faults.push(`without the sync of ${kind} nothing is lost`);
    }
  }
  return { attacks: known.size, faults };
}

/** Leaves out one kind of sync after the other: whatever is synced is there because its loss would show. */
export default {
  about: 'on a disk that keeps nothing but what is synced, every sync that is left out loses something that was told as done',
  full: 100,
  sample: 0,
  run: (attacks, tell) => withPlaces((places) => attack(attacks, places, tell)),
} satisfies Trial;

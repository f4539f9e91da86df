import { join } from 'node:path';
import type { DeclaredRemote } from '../load/project/remotes.ts';
import { ownMember } from '../model/own-member.ts';
import { done, failed, type Outcome, type Problem } from '../model/problem.ts';
import type { Remote } from '../model/remote.ts';
import { loadRemoteKind, remoteKinds, remoteSettingsOf } from '../stores/remotes/kinds.ts';
import { suggestion } from '../text/suggestion.ts';
import { PROJECT_FILE } from './executors.ts';

/** Where a project lies, and what it sees. */
interface Surroundings {
  readonly root: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The remotes that a project declares, by name. */
async function declaredRemotes(root: string): Promise<Outcome<Readonly<Record<string, DeclaredRemote>>>> {
  const { loadRemotes } = await import('../load/project/remotes.ts');
  return loadRemotes({ file: join(root, PROJECT_FILE), shownFile: PROJECT_FILE, kinds: remoteKinds(), settingsOf: remoteSettingsOf });
}

/** Opens remotes: those that are named are declared in the project file. Nothing is asked of them yet. */
export async function openRemotes(
  given: readonly (Remote | string)[],
  { root, environment }: Surroundings,
): Promise<Outcome<readonly Remote[]>> {
  const declared = given.some((one) => typeof one === 'string')
    ? await declaredRemotes(root)
    : done<Readonly<Record<string, DeclaredRemote>>>({});
  if (!declared.ok) return declared;
  const remotes: Remote[] = [];
  for (const one of given) {
    if (typeof one !== 'string') {
      remotes.push(one);
      continue;
    }
    const found = ownMember(declared.value, one);
    if (found === undefined) return failed(unknownRemote(one, Object.keys(declared.value)));
    const { kind, ...rest } = found;
    const open = await loadRemoteKind(kind);
    remotes.push(open({ name: one, ...rest, root, environment }));
  }
  return done(remotes);
}

/** Opens all remotes that are declared, in their order. */
export async function openAllRemotes(surroundings: Surroundings): Promise<Outcome<readonly Remote[]>> {
  const declared = await declaredRemotes(surroundings.root);
  return declared.ok ? openRemotes(Object.keys(declared.value), surroundings) : declared;
}

/** How a remote is declared. */
export function howToDeclare(name: string): string {
  return `declare it in ${PROJECT_FILE}, for example remotes: { ${name}: { kind: folder, path: /mnt/results, write: shared/ } }`;
}

function unknownRemote(name: string, known: readonly string[]): Problem {
  const example = howToDeclare(/^[a-z][a-z0-9_-]*$/.test(name) ? name : 'team');
  const hint = known.length === 0 ? example : `${suggestion(name, known)} (remotes are declared in ${PROJECT_FILE})`;
  return { kind: 'usage', code: 'unknown-remote', message: `no remote is named "${name}"`, hint };
}

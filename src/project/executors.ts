import { ownMember } from '../model/own-member.ts';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { installedEngines, loadEngines } from '../engines/engines.ts';
import { executorKinds, loadKind, settingsOf } from '../executors/kinds.ts';
import type { ProjectFile } from '../load/project/project-file.ts';
import type { Executor, ExecutorOpening, Executors } from '../model/executor.ts';
import { done, failed, type Outcome } from '../model/problem.ts';
import { suggestion } from '../text/suggestion.ts';

/** The name of the executor that is there without being declared: processes of this machine. */
const LOCAL = 'local';

/** The file in a project's folder that declares what the whole project has. */
export const PROJECT_FILE = 'stillroom.yaml';

/** Which executor is meant, and how one is opened. */
export interface ExecutorChoice extends Pick<ExecutorOpening, 'paths' | 'isAskedAnew' | 'signal' | 'tell'> {
  /** For nodes that name none. */
  readonly chosen?: string | undefined;
}

/** Reads what a project declares; an executor itself is loaded when it is first asked for. */
export async function projectExecutors(
  root: string,
  environment: Readonly<Record<string, string | undefined>>,
  { chosen = LOCAL, ...more }: ExecutorChoice = {},
): Promise<Outcome<Executors>> {
  const file = await declaredIn(join(root, PROJECT_FILE));
  if (!file.ok) return file;
  const declared: ProjectFile['executors'] = { [LOCAL]: { kind: 'process', settings: {} }, ...file.value.executors };
  const opened = new Map<string, Promise<Outcome<Executor>>>();
  const open = async (name: string): Promise<Outcome<Executor>> => {
    const found = ownMember(declared, name);
    if (found === undefined)
      return failed({
        kind: 'usage',
        code: 'unknown-executor',
        message: `no executor is named "${name}"`,
        hint: `${suggestion(name, Object.keys(declared))} (executors are declared in ${PROJECT_FILE})`,
      });
    const openKind = await loadKind(found.kind);
    return openKind({ name, settings: found.settings, engines: installedEngines(await loadEngines()), environment, ...more });
  };
  const executors: Executors = {
    names: Object.keys(declared),
    get(name = chosen) {
      const known = opened.get(name) ?? open(name);
      opened.set(name, known);
      return known;
    },
  };
  const first = await executors.get();
  return first.ok ? done(executors) : first;
}

/** What a project file declares. Nothing that reads one is loaded where there is none. */
async function declaredIn(file: string): Promise<Outcome<ProjectFile>> {
  if (statSync(file, { throwIfNoEntry: false }) === undefined) return done({ executors: {} });
  const { loadProjectFile } = await import('../load/project/project-file.ts');
  return loadProjectFile({ file, shownFile: PROJECT_FILE, kinds: executorKinds, settingsOf });
}

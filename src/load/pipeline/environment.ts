import type { Problem } from '../../model/problem.ts';
import { pointerStep } from '../../text/json-pointer.ts';
import type { Locate } from '../yaml/locate.ts';
import type { FileEnvironment, FileNode } from './file-node.ts';

/** Complains of environments of commands that say too much or too little to be one. */
export function checkEnvironments(
  { environment, stages }: { readonly environment?: FileEnvironment; readonly stages: Readonly<Record<string, FileNode>> },
  locate: Locate,
  problems: Problem[],
): void {
  if (environment !== undefined) check(environment, '/environment', locate, problems);
  for (const [name, node] of Object.entries(stages))
    if (node.environment !== undefined && node.environment !== 'none')
      check(node.environment, `/stages${pointerStep(name)}/environment`, locate, problems);
}

function check(environment: FileEnvironment, pointer: string, locate: Locate, problems: Problem[]): void {
  const { python, venv, ...more } = environment as { readonly python?: string; readonly venv?: string };
  const [besides] = Object.keys(more);
  const complain = (message: string, at: string, hint: string): void =>
    void problems.push(locate.problem('bad-environment', message, at, at === pointer ? 'value' : 'key', hint));
  if (python !== undefined && venv !== undefined)
    complain(
      'an environment is either built or there already',
      `${pointer}/venv`,
      `keep one of them: python: ${python} to have it built, or venv: ${venv}`,
    );
  else if (venv !== undefined && besides !== undefined)
    complain(
      `a virtual environment that is there is taken as it is: it has no "${besides}"`,
      `${pointer}/${besides}`,
      'remove it; or let it be built: python: requirements.txt',
    );
  else if (python === undefined && venv === undefined)
    complain('an environment says what it is built from, or where it is', pointer, 'write python: requirements.txt, or venv: .venv');
}

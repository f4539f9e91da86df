import type { CommandEnvironment } from '../model/pipeline.ts';
import type { ToldCommand } from '../model/report.ts';
import type { Recipe } from '../model/run.ts';

/** The text of a command: of one that is a list, a word a line. */
export function commandText(run: string | readonly string[]): string {
  return typeof run === 'string' ? run : run.join('\n');
}

/** What a command asked for to be taken from. */
function environmentText(environment: CommandEnvironment): string {
  if ('venv' in environment) return environment.venv;
  return environment.version === undefined ? environment.python : `${environment.python}, Python ${environment.version}`;
}

/** The packages that a command's environment held, and its Python: each as it counted. */
export function heldBy({ work }: Recipe): Readonly<Record<string, string>> {
  const held = work.kind === 'command' ? work.environmentHeld : undefined;
  if (held === undefined) return {};
  const packages = Object.entries(held.packages).map(([name, told]) => {
    const [version = '', digest] = told.split(' ');
    return [`package ${name}`, digest === undefined ? version : `${version} (${digest.slice(0, 12)})`] as const;
  });
  return { python: held.python, ...Object.fromEntries(packages) };
}

/** What the command of a node was: its text, its tools and what its environment held; undefined: it was no command. */
export function commandOf(recipe: Recipe | undefined): ToldCommand | undefined {
  if (recipe?.work.kind !== 'command') return undefined;
  const { run, toolDigests, environment, environmentHeld } = recipe.work;
  return {
    run: commandText(run).trimEnd(),
    tools: Object.entries(toolDigests).map(([name, digest]) => ({ name, digest })),
    ...(environment === undefined ? {} : { environment: environmentText(environment) }),
    ...(environmentHeld === undefined ? {} : { python: environmentHeld.python, packages: environmentHeld.packages }),
  };
}

import type { Recipe } from '../model/run.ts';
import type { ToldCommand } from '../model/report.ts';

/** The text of a command: of one that is a list, a word a line. */
export function commandText(run: string | readonly string[]): string {
  return typeof run === 'string' ? run : run.join('\n');
}

/** What the command of a node was: its text, its tools and what its environment held; undefined: it was no command. */
export function commandOf(recipe: Recipe | undefined): ToldCommand | undefined {
  if (recipe?.work.kind !== 'command') return undefined;
  const { run, toolDigests, environment, environmentHeld } = recipe.work;
  const told = Object.entries(environment ?? {}).flatMap(([name, value]) => (typeof value === 'string' ? [`${name} ${value}`] : []));
  return {
    run: commandText(run).trimEnd(),
    tools: Object.entries(toolDigests).map(([name, digest]) => ({ name, digest })),
    ...(environment === undefined ? {} : { environment: told.join(', ') }),
    ...(environmentHeld === undefined ? {} : { python: environmentHeld.python, packages: environmentHeld.packages }),
  };
}

import { shellWord } from '../text/shell-word.ts';
import type { Invocation } from './verb.ts';

/** Commands that a user may type next, ready to be typed: called as this one was, on the same store, quoted for a shell. */
export function nextLines(
  { program = 'npx stillroom', store }: Pick<Invocation, 'program' | 'store'>,
  commands: readonly (readonly string[])[],
): string[] {
  const shared = store === undefined ? [] : ['--store', store];
  return commands.length === 0
    ? []
    : ['next:', ...commands.map((words) => `  ${program} ${[...words, ...shared].map(shellWord).join(' ')}`)];
}

import type { SweepWatcher } from '../model/sweep-event.ts';
import { Leaderboard } from '../reporters/sweep/leaderboard.ts';
import { SweepLines } from '../reporters/sweep/lines.ts';
import { showsColours } from '../text/styled.ts';
import type { Invocation } from './verb.ts';
import { mayDraw } from './watching.ts';

/** Who watches a sweep: a leaderboard or lines, on the standard error output. */
export function watcherFor(invocation: Invocation, options: { readonly plain: boolean; readonly verbose: boolean }): SweepWatcher {
  const { stderr } = invocation;
  return mayDraw(invocation, options)
    ? new Leaderboard(stderr, { inColour: showsColours(stderr, invocation.environment) })
    : new SweepLines(stderr, options.verbose);
}

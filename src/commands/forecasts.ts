import type { PipelinePlan } from '../project/run.ts';
import { counted } from '../text/amounts.ts';
import { duration } from '../text/figures.ts';
import { spanText } from '../text/time-left.ts';

/** Seconds as precisely as they can be told before. */
function roughly(seconds: number): string {
  if (seconds < 1) return 'less than 1 s';
  if (seconds < 100) return `about ${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 100 ? `about ${minutes} min` : `about ${duration(seconds)}`;
}

/** What a plan would take, in words; undefined where nothing would run. */
export function forecastText({ run, most }: PipelinePlan['forecast']): string | undefined {
  if (most.nodes === 0) return undefined;
  const known = most.nodes - most.unknown;
  if (known === 0) return 'how long it takes is not known yet: none of it has run before';
  const never = most.unknown === 0 ? '' : `, of ${counted(known, 'node')}; ${most.unknown} never ran before`;
  const [least, all] = [roughly(run.seconds), roughly(most.seconds)];
  const range = run.nodes === most.nodes || least === all ? `${all} of work` : `${least} of work, ${all} if all that may run does`;
  const elapsed = most.range === undefined ? roughly(most.elapsed) : spanText(most.range);
  return `${range}${never}${elapsed === all ? '' : `; done in ${elapsed}`}`;
}

import { bytesText, counted } from '../text/amounts.ts';
import type { Collected } from '../project/project.ts';
import { answer, refusal } from './answer.ts';
import { flag, number, size, texts, verb } from './verb.ts';
import { printableLine } from '../text/printable.ts';

/** `stillroom gc`: removes what no kept run reaches. */
export default verb({
  name: 'gc',
  arguments: [],
  about: 'remove what no kept run reaches',
  example: 'stillroom gc --keep-runs 20 --dry-run',
  options: {
    keepRuns: number('--keep-runs <count>', 'keep this many of the newest runs (tagged, pinned and live ones are always kept)'),
    keepDays: number('--keep-days <days>', 'keep the runs of this many days'),
    maxSize: size('--max-size <size>', 'let go of the oldest runs until the store takes at most this much, such as 50GiB'),
    run: texts('--run <run>', 'let go of this run, and of what only it holds; repeatable'),
    dryRun: flag('--dry-run', 'say what would be freed, remove nothing'),
    wait: flag('--wait', 'wait until no run uses the store'),
  },
  async run({ keepRuns, keepDays, maxSize, run, dryRun, wait }, { open, stderr }) {
    const onWait = (message: string): void => void stderr.write(`… ${printableLine(message)}\n`);
    const collected = await (await open()).gc({ keepRuns, keepDays, maxSize, runs: run, dryRun, wait, onWait });
    if (!collected.ok) return refusal(collected.problems);
    const { removedRuns, keptRuns, results, blobs, bytes, ofRuns, size: before, left } = collected.value;
    const data = {
      removed: !dryRun,
      runs: removedRuns,
      kept: [...keptRuns].map(([run, why]) => ({ run, why })),
      results: results.length,
      blobs: blobs.length,
      bytes,
      ofRuns,
      size: before,
      left,
    };
    const isEvery = [keepRuns, keepDays, maxSize, run].every((one) => one === undefined);
    return answer(data, [
      ...describe(collected.value, dryRun),
      ...(isEvery ? ['to let go of runs: --keep-runs N, --keep-days D, --max-size 50GiB, --run ID'] : []),
      ...left.map((one) => `could not be removed: ${one}`),
      dryRun ? 'nothing was removed (--dry-run)' : `removed${left.length === 0 ? '' : ', but for what is named above'}`,
    ]);
  },
});

function describe({ removedRuns, keptRuns, results, blobs, bytes, ofRuns, size: before }: Collected, isDry: boolean): string[] {
  const reasons = new Map<string, number>();
  for (const why of keptRuns.values()) reasons.set(why, (reasons.get(why) ?? 0) + 1);
  const told = [...reasons].map(([why, count]) => `${count} ${why}`).join(', ');
  return [
    `keeps ${counted(keptRuns.size, 'run')}${told === '' || keptRuns.size === 0 ? '' : ` (${told})`} and all that they reach`,
    ...(removedRuns.length === 0
      ? []
      : [
          `removes the records of ${counted(removedRuns.length, 'run')}: ${removedRuns.slice(0, 5).join(', ')}${removedRuns.length > 5 ? ', …' : ''}`,
        ]),
    `${isDry ? 'would free' : 'frees'} ${bytesText(bytes)}: ${counted(results.length, 'result')}, ${counted(blobs.length, 'blob')}, and what was left over`,
    ...(removedRuns.length === 0
      ? []
      : [`  ${bytesText(ofRuns)} of it ${removedRuns.length === 1 ? 'only this run' : 'only these runs'} held`]),
    `the store ${isDry ? 'takes' : 'took'} ${bytesText(before)}, ${isDry ? 'and would take' : 'and now takes'} ${bytesText(before - bytes)}`,
  ];
}

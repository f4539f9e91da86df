import { counted } from '../text/amounts.ts';
import type { Collected } from '../project/project.ts';
import { answer, refusal } from './answer.ts';
import { flag, number, verb } from './verb.ts';
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
    dryRun: flag('--dry-run', 'say what would be freed, remove nothing'),
    wait: flag('--wait', 'wait until no run uses the store'),
  },
  async run({ keepRuns, keepDays, dryRun, wait }, { open, stderr }) {
    const onWait = (message: string): void => void stderr.write(`… ${printableLine(message)}\n`);
    const collected = await (await open()).gc({ keepRuns, keepDays, dryRun, wait, onWait });
    if (!collected.ok) return refusal(collected.problems);
    const { removedRuns, keptRuns, results, blobs, bytes, left } = collected.value;
    const data = {
      removed: !dryRun,
      runs: removedRuns,
      kept: [...keptRuns].map(([run, why]) => ({ run, why })),
      results: results.length,
      blobs: blobs.length,
      bytes,
      left,
    };
    const isEvery = keepRuns === undefined && keepDays === undefined;
    return answer(data, [
      ...describe(collected.value, dryRun),
      ...(isEvery ? ['to let go of old runs: --keep-runs N, --keep-days D'] : []),
      ...left.map((one) => `could not be removed: ${one}`),
      dryRun ? 'nothing was removed (--dry-run)' : `removed${left.length === 0 ? '' : ', but for what is named above'}`,
    ]);
  },
});

/** Bytes as a person reads them. */
function bytesText(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${power === 0 ? bytes : (bytes / 1024 ** power).toFixed(1)} ${units[power]}`;
}

function describe({ removedRuns, keptRuns, results, blobs, bytes }: Collected, isDry: boolean): string[] {
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
  ];
}

import { bytesText } from '../text/amounts.ts';
import { bad, dim, good, type Line, strong, warned } from '../text/styled.ts';
import { wrapBelow } from '../text/wrapped.ts';
import type { Collected } from '../project/project.ts';
import { answer, refusal } from './answer.ts';
import { every } from './folded.ts';
import { clearedRemote } from './gc-remote.ts';
import { section } from './sections.ts';
import { columnsOf } from './terminal.ts';
import { flag, number, size, text, texts, verb } from './verb.ts';
import { printableLine } from '../text/printable.ts';

/** `stillroom gc`: removes what no kept run reaches. */
export default verb({
  name: 'gc',
  arguments: [],
  about: 'remove what no kept run reaches',
  example: 'stillroom gc --keep-runs 20 --dry-run',
  examples: ['stillroom gc --max-size 50GiB', 'stillroom gc --remote team --keep-days 90'],
  detail:
    'Tagged, pinned and live runs are kept, and what they reach. In a remote, what is older than `--keep-days` goes, but for what a younger run or result names: first it is only said what would go, with `--yes` it goes.',
  options: {
    keepRuns: number('--keep-runs <count>', 'keep this many of the newest runs (tagged, pinned and live ones are always kept)'),
    keepDays: number('--keep-days <days>', 'keep the runs of this many days'),
    maxSize: size('--max-size <size>', 'let go of the oldest runs until the store takes at most this much, such as 50GiB'),
    run: texts('--run <run>', 'let go of this run, and of what only it holds; repeatable'),
    all: every,
    dryRun: flag('--dry-run', 'say what would be freed, remove nothing'),
    remote: text('--remote <remote>', 'clear a remote instead of the store, below the prefix that it is written at; with --keep-days'),
    yes: flag('--yes', 'with --remote: remove it'),
    wait: flag('--wait', 'wait until no run uses the store'),
  },
  async run({ keepRuns, keepDays, maxSize, run, dryRun, wait, all, remote, yes }, { open, stdout, stderr }) {
    if (remote !== undefined) {
      const others = { keepRuns, maxSize, run };
      return clearedRemote(await open({ remotes: [remote] }), { remote, keepDays, remove: yes && !dryRun, others }, { stdout, stderr });
    }
    const onWait = (message: string): void => void stderr.write(`… ${printableLine(message)}\n`);
    const collected = await (await open()).gc({ keepRuns, keepDays, maxSize, runs: run, dryRun, wait, onWait });
    if (!collected.ok) return refusal(collected.problems);
    const { removedRuns, keptRuns, results, blobs, bytes, kinds, ofRuns, size: before, left } = collected.value;
    const data = {
      removed: !dryRun,
      runs: removedRuns,
      kept: [...keptRuns].map(([run, why]) => ({ run, why })),
      results: results.length,
      blobs: blobs.length,
      bytes,
      kinds,
      ofRuns,
      size: before,
      left,
    };
    const isEvery = [keepRuns, keepDays, maxSize, run].every((one) => one === undefined);
    const width = columnsOf(stdout);
    const remedy = 'to let go of runs: --keep-runs N, --keep-days D, --max-size 50GiB, --run ID';
    return answer(data, [
      ...wrapBelow(headline(collected.value, dryRun), width, 2),
      ...(dryRun ? [warned('nothing was removed (--dry-run)')] : []),
      ...section(
        dryRun ? 'would be freed' : 'freed',
        kinds.map(({ kind, count, bytes: size }) => [kind, String(count), bytesText(size)]),
        width,
        { isRight: (column) => column > 0 },
      ),
      ...section('runs', runRows(collected.value, { isDry: dryRun, all }), width, { isRight: (column) => column === 1 }),
      ...section(
        'could not be removed',
        left.map((one) => [bad(one)]),
        width,
      ),
      ...(isEvery ? ['', ...wrapBelow(dim(remedy), width, 2)] : []),
    ]);
  },
});

/** What comes of it, in one sentence. */
function headline({ bytes, size: before, left }: Collected, isDry: boolean): Line {
  const amount = bytes === 0 ? 'nothing to free' : `${isDry ? 'would free' : 'freed'} ${bytesText(bytes)} of ${bytesText(before)}`;
  const after = bytes === 0 ? '' : `; the store ${isDry ? 'would take' : 'now takes'} ${bytesText(before - bytes)}`;
  return [strong(amount), after, left.length === 0 ? '' : bad(', but for what is named below')];
}

/** Runs that are named where not all are wanted. */
const MOST_NAMED = 5;

/** How many runs stay and go, and why. */
function runRows(
  { removedRuns, keptRuns, ofRuns }: Collected,
  { isDry, all }: { readonly isDry: boolean; readonly all: boolean },
): readonly (readonly Line[])[] {
  const reasons = new Map<string, number>();
  for (const why of keptRuns.values()) reasons.set(why, (reasons.get(why) ?? 0) + 1);
  const named = all ? removedRuns : removedRuns.slice(0, MOST_NAMED);
  const more = removedRuns.length - named.length;
  return [
    ...[...reasons].map(([why, count]) => [good('kept'), String(count), why]),
    ...(removedRuns.length === 0
      ? []
      : [
          [
            warned(isDry ? 'would go' : 'gone'),
            String(removedRuns.length),
            `${bytesText(ofRuns)} that nothing else holds: ${named.join(', ')}${more > 0 ? `, and ${more} more` : ''}`,
          ],
        ]),
  ];
}

import type { FarCollected, Project } from '../project/project.ts';
import { bytesText, counted } from '../text/amounts.ts';
import { dim, type Line, strong, warned } from '../text/styled.ts';
import { wrapBelow } from '../text/wrapped.ts';
import { type Answer, answer, refusal } from './answer.ts';
import { columnsOf } from './terminal.ts';
import { transfer } from './transfer.ts';
import type { Invocation } from './verb.ts';

/** What is asked of `gc --remote`. */
interface Asked {
  readonly remote: string;
  readonly keepDays: number | undefined;
  readonly remove: boolean;
  /** Options that say nothing about a remote. */
  readonly others: Readonly<Record<string, unknown>>;
}

/** Removes from a remote what is old and named by nothing that stays, or says what would go. */
export async function clearedRemote(
  project: Project,
  { remote, keepDays, remove, others }: Asked,
  { stdout, stderr }: Pick<Invocation, 'stdout' | 'stderr'>,
): Promise<Answer> {
  const strange = Object.values(others).some((one) => one !== undefined);
  if (keepDays === undefined || strange)
    return refusal([
      {
        kind: 'usage',
        code: 'bad-option',
        message: strange ? 'a remote is cleared by age alone' : 'say how old what goes from a remote must be',
        hint: `stillroom gc --remote ${remote} --keep-days 90`,
      },
    ]);
  const { onNotice, end } = transfer(stderr, 'fetched');
  const collected = await project.remotes.gc({ keepDays, remove, onNotice });
  end();
  if (!collected.ok) return refusal(collected.problems);
  const width = columnsOf(stdout);
  const data = { removed: remove, remotes: collected.value };
  return answer(
    data,
    collected.value.flatMap((one) => linesOf(one, remove).flatMap((line) => wrapBelow(line, width, 2))),
  );
}

function linesOf({ remote, prefix, runs, results, contents, bytes, size }: FarCollected, isRemoved: boolean): readonly Line[] {
  const what = `${counted(runs.length, 'run')}, ${counted(results, 'result')}, ${counted(contents, 'content')}`;
  const amount = bytes === 0 ? 'nothing to remove' : `${isRemoved ? 'removed' : 'would remove'} ${bytesText(bytes)} of ${bytesText(size)}`;
  return [
    [strong(amount), ` from the remote ${remote} (${prefix})${bytes === 0 ? '' : `: ${what}`}`],
    ...(isRemoved || bytes === 0 ? [] : [[warned('nothing was removed'), dim('; to remove it: the same with --yes')]]),
  ];
}

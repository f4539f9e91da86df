import type { Finding, Verification } from '../project/project.ts';
import { bytesText, counted } from '../text/amounts.ts';
import { bad, dim, good, type Line, strong, warned } from '../text/styled.ts';
import { wrapBelow } from '../text/wrapped.ts';
import { answer, EXIT, refusal } from './answer.ts';
import { every } from './folded.ts';
import { section } from './sections.ts';
import { columnsOf } from './terminal.ts';
import { verb } from './verb.ts';

/** `stillroom verify`: looks at every file of the store; what is damaged goes to quarantine, and each loss is told with what it costs. */
export default verb({
  name: 'verify',
  arguments: [],
  about: 'check every file of the store',
  example: 'stillroom verify',
  detail: 'What is damaged is put aside, and each loss is told with what it costs.',
  options: { all: every },
  async run({ all }, { open, stdout }) {
    const verified = await (await open()).verify();
    if (!verified.ok) return refusal(verified.problems);
    const { unmoved, ...found } = verified.value;
    return answer(
      { ...found, ...(unmoved === undefined ? {} : { unmoved: unmoved.message }) },
      verifiedLines(verified.value, all, columnsOf(stdout)),
      { exit: found.damaged.length > 0 ? EXIT.storeDamaged : EXIT.done },
    );
  },
});

/** What was found, in few words, and then by kind. */
function verifiedLines(
  { checked, bytes, damaged, stillMissing, unmoved }: Verification,
  all: boolean,
  width: number | undefined,
): readonly Line[] {
  const of = (damage: Finding['damage']): readonly Finding[] => damaged.filter((one) => one.damage === damage);
  const counts: readonly (readonly [count: number, word: string, style: (text: string) => Line])[] = [
    [of('damaged').length, 'damaged', bad],
    [of('missing').length, 'missing', bad],
    [stillMissing.length, 'still missing', warned],
  ];
  const told = counts.filter(([count]) => count > 0).flatMap(([count, word, style]): Line[] => [', ', style(`${count} ${word}`)]);
  const head: Line = [
    strong(`${counted(checked, 'file')} and contents checked, ${bytesText(bytes)}`),
    ...(told.length === 0 ? [', ', good('all whole')] : told),
  ];
  return [
    ...wrapBelow(head, width, 2),
    ...section('damaged', findingRows(of('damaged'), all), width),
    ...section('missing', findingRows(of('missing'), all), width),
    ...section('still missing', findingRows(stillMissing, all), width),
    ...(unmoved === undefined ? [] : ['', ...wrapBelow([warned('what is damaged stays where it is: '), unmoved.message], width, 2)]),
  ];
}

/** Names of one kind that are told where not all are wanted. */
const MOST_NAMES = 3;

/** Findings of one kind and cost together. */
function findingRows(findings: readonly Finding[], all: boolean): readonly (readonly Line[])[] {
  const groups = new Map<string, Finding[]>();
  for (const one of findings) {
    const key = all ? `${one.kind} ${one.id}` : `${one.kind} ${one.cost}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].map((group) => {
    const [{ kind, cost }] = group as [Finding];
    const names = group.slice(0, MOST_NAMES).map(({ name }) => name);
    const more = group.length - names.length;
    const count = group.length === 1 ? kind : `${kind} × ${group.length}`;
    return [count, [names.join(', '), more > 0 ? dim(`, and ${more} more: --all`) : ''], cost];
  });
}

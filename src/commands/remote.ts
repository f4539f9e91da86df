import type { RemoteStatus } from '../project/remote-upkeep.ts';
import { bytesText, counted } from '../text/amounts.ts';
import { bad, dim, good, type Line, strong, warned } from '../text/styled.ts';
import { wrapBelow } from '../text/wrapped.ts';
import { answer, EXIT, refusal } from './answer.ts';
import { section } from './sections.ts';
import { columnsOf } from './terminal.ts';
import { verb } from './verb.ts';

/** `stillroom remote status`: says how remotes stand. */
export default verb({
  name: 'remote',
  arguments: ['<status>', '[remote]'],
  about: 'say how the remotes of the project stand: stillroom remote status',
  example: 'stillroom remote status',
  examples: ['stillroom remote status team'],
  detail:
    'Says of each whether it answers, what lies below the prefixes that are trusted or written to, what it cannot promise, and what of this store has not arrived there.',
  options: {},
  async run({ status: action, remote: name }, { open, stdout }) {
    if (action !== 'status')
      return refusal([
        { kind: 'usage', code: 'bad-option', message: `stillroom remote ${action} is unknown`, hint: 'stillroom remote status' },
      ]);
    const asked = await (await open({ remotes: name === undefined ? undefined : [name] })).remotes.status();
    if (!asked.ok) return refusal(asked.problems);
    const width = columnsOf(stdout);
    const lines = asked.value.flatMap((one, index) => [...(index === 0 ? [] : ['']), ...linesOf(one, width)]);
    const exit = asked.value.every(({ failure }) => failure === undefined) ? {} : { exit: EXIT.stageFailed };
    return answer(
      {
        remotes: asked.value.map((one) => ({ ...one, flaw: one.flaw ?? null, failure: one.failure ?? null, shelves: one.shelves ?? null })),
      },
      lines,
      exit,
    );
  },
});

function linesOf(
  { remote, trust, write, shelves = [], isListed, flaw, failure, unsent }: RemoteStatus,
  width: number | undefined,
): readonly Line[] {
  const state = failure !== undefined ? bad('does not answer') : good('answers');
  const rows = shelves.map(({ prefix, results, runs, bytes }): Line[] => [
    prefix,
    counted(results, 'result'),
    counted(runs, 'run'),
    bytesText(bytes),
    dim([...(trust.includes(prefix) ? ['trusted'] : []), ...(prefix === write ? ['written to'] : [])].join(', ')),
  ]);
  return [
    [strong(remote), ' ', state],
    ...(failure === undefined ? [] : wrapBelow(['  ', failure], width, 2)),
    ...(isListed || failure !== undefined ? [] : ['  what lies there cannot be listed']),
    ...(flaw === undefined ? [] : wrapBelow(['  ', warned(`it ${flaw}`)], width, 2)),
    ...section('what lies there', rows, width, { isRight: (column) => column > 0 && column < 4 }).slice(2),
    ...(unsent === 0 ? [] : [warned(`  ${counted(unsent, 'result')} of this store did not arrive: stillroom push --remote ${remote}`)]),
  ];
}

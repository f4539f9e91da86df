import { relative } from 'node:path';
import { counted } from '../text/amounts.ts';
import type { Reproduction } from '../project/reproduce.ts';
import { type Answer, answer, EXIT, problemJson, rawAnswer, refusal } from './answer.ts';
import { every } from './folded.ts';
import { restored } from './restored.ts';
import { executor, jobs, remote } from './planning.ts';
import { columnsOf } from './terminal.ts';
import { flag, type Invocation, text, texts, verb } from './verb.ts';
import { verdictLines } from './verdicts.ts';
import { stoppedBy, watched, watching } from './watching.ts';

/** `stillroom reproduce`: runs a recorded run again from its record alone and compares what comes out. */
export default verb({
  name: 'reproduce',
  arguments: ['[run]'],
  about: 'repeat a recorded run and compare what comes out',
  example: 'stillroom reproduce @latest',
  examples: ['stillroom reproduce --from run.still'],
  detail: 'The exit code is 0 where all that is judged came out identical or within its tolerance, else 4.',
  options: {
    from: text('--from <file>', 'a packed run instead of one in the store'),
    only: texts('--only <node>', 'this node and what it needs; repeatable'),
    source: texts('--source <name=path>', 'where a source is that the store does not keep; repeatable'),
    restore: flag('--restore', 'bring the outputs back from the store; execute nothing'),
    to: text('--to <folder>', 'put the outputs there'),
    jobs,
    executor,
    remote,
    all: every,
    ...watching,
  },
  async run({ run, from, only, source, restore, to, executor, remote: remotes, all, ...options }, invocation) {
    if (restore) return restored(run, { from, only, to }, invocation, remotes);
    const project = await invocation.open({ executor, remotes });
    const { result, signal } = await watched(invocation, options, 'stopping', (watch) =>
      project.reproduce(run, { from, only, source, to, ...watch }),
    );
    if (!result.ok) return refusal(result.problems);
    if (result.value.reproduced?.state === 'cancelled') return rawAnswer(undefined, '', stoppedBy(signal));
    return judged(result.value, all, invocation);
  },
});

function judged(reproduction: Reproduction, all: boolean, { folder, stdout }: Invocation): Answer {
  const { record, reproduced, verdicts, differences, problems, left } = reproduction;
  if (verdicts === undefined) return refusal(problems, EXIT.notReproduced);
  const data = {
    run: record.id,
    hash: record.hash ?? null,
    ...verdicts,
    facts: differences,
    ...(problems.length > 0 ? { error: problemJson(problems) } : {}),
  };
  const found = Object.values(reproduced?.nodes ?? {}).filter(({ state }) => state === 'reused').length;
  const isGood = verdicts.verdict === 'identical' || verdicts.verdict === 'within-tolerance';
  return answer(data, verdictLines(reproduction, verdicts, { all, width: columnsOf(stdout) }), {
    problems,
    notes: [
      ...(left === undefined ? [] : [`what it left is kept in ${relative(folder, left)} until the next gc`]),
      ...(found === 0
        ? []
        : [`${counted(found, 'node')} ${found === 1 ? 'was' : 'were'} found in remotes and not executed; without --remote all are`]),
    ],
    exit: isGood ? EXIT.done : EXIT.notReproduced,
  });
}

import type { Explanation } from '../project/project.ts';
import { unifiedDiff } from '../text/unified-diff.ts';
import { answer, refusal } from './answer.ts';
import { chosenPipeline } from './chosen-pipeline.ts';
import { explanationLines } from './explained.ts';
import { every } from './folded.ts';
import { planning, settings } from './planning.ts';
import { columnsOf } from './terminal.ts';
import { verb } from './verb.ts';

/** `stillroom why`: names the ingredient that makes a node run, or made it run. */
export default verb({
  name: 'why',
  arguments: ['[target]', '[node]'],
  about: 'name what changed that makes a node run (target: a pipeline file, a run, or a node of the newest run)',
  example: 'stillroom why pipelines/quickstart.yaml student',
  examples: ['stillroom why @latest'],
  detail:
    'What changed first, old → new, what followed from it, and changed code, scripts and text files as diffs. It compares with the last run that was asked the same.',
  options: { ...planning, all: every },
  async run({ target, node, set, followLinks, force, remeasure, refreshEnvironment, only, executor, all }, invocation) {
    const chosen = await chosenPipeline(target, invocation);
    if (!chosen.ok) return refusal(chosen.problems);
    const project = await invocation.open({ file: chosen.value, executor });
    const explained = await project.why(chosen.value, node, {
      set: settings(set, followLinks),
      force,
      remeasure,
      refreshEnvironment,
      only,
    });
    if (!explained.ok) return refusal(explained.problems);
    return answer(json(explained.value), explanationLines(explained.value, { all, width: columnsOf(invocation.stdout) }));
  },
});

function json({ isWhole: _isWhole, code, last, ...explanation }: Explanation): object {
  return {
    ...explanation,
    ...(last === undefined ? {} : { last: json(last) }),
    code: code.map(({ nodes, name, before, after, line }) => ({ nodes, name, diff: unifiedDiff(name, before, after, line).join('\n') })),
  };
}

import { answer, refusal } from './answer.ts';
import { chosenPipeline } from './chosen-pipeline.ts';
import { planning } from './planning.ts';
import { verb } from './verb.ts';

/** `stillroom why`: names the ingredient that makes a node run, or made it run. */
export default verb({
  name: 'why',
  arguments: ['[target]', '[node]'],
  about: 'name what changed that makes a node run (target: a pipeline file, a run, or a node of the newest run)',
  example: 'stillroom why pipelines/quickstart.yaml student',
  options: planning,
  async run({ target, node, set, force, remeasure, only, executor }, invocation) {
    const chosen = await chosenPipeline(target, invocation);
    if (!chosen.ok) return refusal(chosen.problems);
    const project = await invocation.open({ file: chosen.value, executor });
    const explained = await project.why(chosen.value, node, { set, force, remeasure, only });
    if (!explained.ok) return refusal(explained.problems);
    const nodes = explained.value;
    return answer(
      { nodes },
      nodes.flatMap((one) => [
        `${one.node}: ${one.action}: ${one.cause}`,
        ...one.changes.map(({ what, from, to }) => `  ${what}: ${from} → ${to}`),
      ]),
    );
  },
});

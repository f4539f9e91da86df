import { done, failed, type Outcome } from '../model/problem.ts';
import type { PipelinePlan } from '../project/run.ts';
import { textTable } from '../text/table.ts';
import { answer, refusal } from './answer.ts';
import { planning } from './planning.ts';
import { flag, verb } from './verb.ts';

/** Commands that declare no tools are a problem. */
function strictly(plan: PipelinePlan): Outcome<PipelinePlan> {
  const loose = plan.pipeline.instances.filter(({ work }) => work.kind === 'command' && work.tools.length === 0);
  if (loose.length === 0) return done(plan);
  return failed(
    ...loose.map(({ name }) => ({
      kind: 'pipeline' as const,
      code: 'undeclared-tools' as const,
      message: `the command ${name} declares no tools`,
      hint: 'name the programs it uses: tools: [python3]',
    })),
  );
}

/** `stillroom plan`: says what a run would do, and why; executes nothing. */
export default verb({
  name: 'plan',
  arguments: ['<pipeline>'],
  about: 'say what a run would do, and why',
  example: 'stillroom plan pipelines/quickstart.yaml --set size=96',
  options: { ...planning, strict: flag('--strict', 'refuse commands that declare no tools') },
  async run({ pipeline, set, force, remeasure, only, executor, strict }, { open }) {
    const planned = await (await open({ file: pipeline, executor })).plan(pipeline, { set, force, remeasure, only });
    const plan = planned.ok && strict ? strictly(planned.value) : planned;
    if (!plan.ok) return refusal(plan.problems);
    const { nodes } = plan.value;
    const count = (wanted: string): number => nodes.filter(({ action }) => action === wanted).length;
    return answer({ nodes: nodes.map(({ node, action, cause }) => ({ node, action, cause })) }, [
      ...textTable(nodes.map(({ node, action, cause }) => [action.padEnd(5), node, cause])),
      `${count('run')} to run, ${count('maybe')} maybe, ${count('reuse')} reused`,
    ]);
  },
});

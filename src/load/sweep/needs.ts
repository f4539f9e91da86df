import type { ProblemCode } from '../../model/problem-codes.ts';
import type { Pipeline } from '../../model/pipeline.ts';
import type { SweepSpec } from '../../model/sweep.ts';
import { pointerStep } from '../../text/json-pointer.ts';
import type { SweepContext } from './space.ts';

/** What reading a sweep needs to know of a strategy. */
export interface KnownStrategy {
  readonly settings: Readonly<Record<string, object>>;
  readonly needs: { objective?: true; budget?: true; variants?: true; steps?: true; limit?: true };
}

/** How a param of this pipeline is varied: a number where there is one. */
function exampleOver({ params, instances }: Pipeline): string {
  const ofNodes = instances.flatMap(({ node, params: given }) =>
    Object.entries(given).map(([name, value]) => [`${node}.${name}`, value] as const),
  );
  const [name, value] = [...Object.entries(params), ...ofNodes].find(([, one]) => typeof one === 'number') ?? ['node.param', 1];
  const values = `${value}, ${Number(value) * 2 || 1}`;
  return `write over: { ${name}: [${values}] } below "sweep", or give --over ${name}=${values.replace(' ', '')}`;
}

/** Checks that a sweep has what its strategy needs. */
export function checkNeeds(spec: SweepSpec, { needs }: KnownStrategy, { locate, problems, pipeline }: SweepContext): void {
  const wrong = (code: ProblemCode, message: string, pointer: string, hint: string): void =>
    void problems.push(locate.problem(code, message, `/sweep${pointer}`, 'key', hint));
  if (needs.variants === true && spec.variants.length === 0)
    wrong(
      'missing-key',
      'the strategy "list" needs variants',
      '',
      'write variants: [{ student.lr: 0.01 }, { student.lr: 0.02, size: 96 }]',
    );
  if (needs.variants !== true && spec.space.length === 0 && (spec.strategy !== 'grid' || Object.keys(spec.repeats).length === 0))
    wrong('missing-key', 'the sweep varies nothing', '', exampleOver(pipeline));
  if (needs.objective === true && spec.objectives.length === 0)
    wrong(
      'missing-key',
      `the strategy "${spec.strategy}" needs an objective`,
      '',
      'write objective: { maximize: node.metric }, or give --maximize node.metric',
    );
  if (needs.limit === true && spec.trials === undefined && spec.seconds === undefined)
    wrong(
      'missing-key',
      `the strategy "${spec.strategy}" would go on for ever`,
      '',
      'say how many trials or how long: --trials 50 or --time 2h',
    );
  if (needs.steps === true) checkSteps(spec, wrong);
}

/** The most points of a grid: more would never be run, and would fill the memory. */
const MOST_POINTS = 100_000;

/** Strategies that walk through values must know them, and there must not be more than can be walked through. */
function checkSteps(
  { space, strategy }: SweepSpec,
  wrong: (code: ProblemCode, message: string, pointer: string, hint: string) => void,
): void {
  let points = 1;
  for (const { name, domain } of space) {
    const isEndless = domain.kind !== 'choice' && domain.steps === undefined && (domain.kind === 'float' || domain.log);
    if (isEndless)
      wrong(
        'missing-steps',
        `the strategy "${strategy}" needs to know how many values to take of "${name}"`,
        `/over${pointerStep(name)}`,
        `say how many: ${domain.log ? 'log:' : ''}${domain.from}..${domain.to}/5`,
      );
    points *= domain.kind === 'choice' ? domain.values.length : (domain.steps ?? domain.to - domain.from + 1);
  }
  if (points > MOST_POINTS)
    wrong(
      'too-many',
      `the sweep has ${points} points`,
      '/over',
      'give fewer values or steps, or let --strategy tpe --trials 100 choose among them',
    );
}

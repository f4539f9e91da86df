import type { Json, JsonObject } from '../../model/json.ts';
import { budgetsOf } from '../../model/pipeline.ts';
import type { BudgetSpec, Objective } from '../../model/sweep.ts';
import { suggestion } from '../../text/suggestion.ts';
import { baseValue, type SweepContext } from './space.ts';

/** What a strategy's settings say of the budget that it gives trials, checked against the pipeline. */
export function readBudget(settings: JsonObject, objectives: readonly Objective[], context: SweepContext): BudgetSpec | undefined {
  const { pipeline, locate, problems } = context;
  const wrong = (message: string, key: string, hint: string): undefined => {
    problems.push(locate.problem('bad-budget', message, `/sweep/strategy/${key}`, 'value', hint));
  };
  const budgets = pipeline.instances.flatMap((instance) => budgetsOf(instance).map((name) => `${instance.node}.${name}`));
  const known = [...new Set(budgets)];
  const param = String(settings['budget'] ?? (known.length === 1 ? known[0] : ''));
  if (param === '')
    return wrong(
      'the strategy does not know which budget to give',
      'budget',
      known.length > 0
        ? `write budget: ${known.join(' or budget: ')}`
        : 'nothing in this pipeline declares one: choose another strategy, such as tpe',
    );
  if (!known.includes(param))
    return wrong(
      `"${param}" is not a budget that a stage or command declares`,
      'budget',
      known.length > 0 ? suggestion(param, known) : 'nothing in this pipeline declares one: choose another strategy, such as tpe',
    );
  const [node = ''] = param.split('.');
  const judge = readJudge(settings['judge'], node, objectives, context);
  if (judge === undefined) return undefined;
  const base = Number(baseValue(param, context) ?? 0);
  const to = Number(settings['to'] ?? Math.max(base, 0));
  const from = Number(settings['from'] ?? 1);
  const factor = Number(settings['factor'] ?? 3);
  if (to === 0) return wrong(`the highest budget of ${param} is not given`, 'to', 'write to: 27, for example: what a whole training takes');
  if (from > to) return wrong(`the rungs go from ${from} down to ${to}`, 'from', `write from: ${to} and to: ${from}`);
  const rungs: number[] = [];
  for (let budget = to; budget >= from; budget /= factor) rungs.unshift(Math.round(budget));
  return { param, node, judge, rungs: [...new Set(rungs)] };
}

function readJudge(
  written: Json | undefined,
  node: string,
  objectives: readonly Objective[],
  { pipeline, locate, problems }: SweepContext,
): Objective | undefined {
  const declared = pipeline.instances.find((instance) => instance.node === node)?.metrics ?? {};
  const known = Object.keys(declared).map((metric) => `${node}.${metric}`);
  const given = written as string | { maximize?: string; minimize?: string } | undefined;
  const metric = typeof given === 'string' ? given : (given?.maximize ?? given?.minimize);
  const objective = objectives.find((one) => (metric === undefined ? known.includes(one.metric) : one.metric === metric));
  const named = metric ?? objective?.metric;
  const wrong = (message: string, hint: string): undefined => {
    problems.push(locate.problem('bad-budget', message, '/sweep/strategy/judge', 'value', hint));
  };
  if (named === undefined)
    return wrong(`nothing says by which metric of "${node}" trials are judged`, `write judge: ${known[0] ?? `${node}.metric`}`);
  if (!known.includes(named)) return wrong(`"${named}" is not a metric of "${node}"`, suggestion(named, known));
  const own = typeof given === 'object' ? (given.maximize === undefined ? 'minimize' : 'maximize') : undefined;
  const goal = own ?? objective?.goal ?? declared[named.slice(node.length + 1)]?.goal;
  if (goal === undefined) return wrong(`nothing says whether "${named}" shall be large or small`, `write judge: { maximize: ${named} }`);
  return { metric: named, goal };
}

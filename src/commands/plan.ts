import { done, failed, type Outcome } from '../model/problem.ts';
import type { Tool } from '../model/pipeline.ts';
import type { PipelinePlan } from '../project/run.ts';
import { foldedNames } from '../model/folded-names.ts';
import { counted } from '../text/amounts.ts';
import { accent, dim, good, type Line, strong, warned } from '../text/styled.ts';
import { wrappedTable, wrapBelow } from '../text/wrapped.ts';
import { answer, refusal } from './answer.ts';
import { chosenPipeline } from './chosen-pipeline.ts';
import { every, foldSaid, type Said } from './folded.ts';
import { forecastText } from './forecasts.ts';
import { planning, settings } from './planning.ts';
import { columnsOf } from './terminal.ts';
import { flag, texts, verb } from './verb.ts';

/** Commands of which it is not known what they read, or what they run, are a problem. */
function strictly(plan: PipelinePlan): Outcome<PipelinePlan> {
  const commands = plan.pipeline.instances.filter(({ work }) => work.kind === 'command');
  const loose = commands.filter(({ work }) => work.kind === 'command' && work.tools.length === 0);
  const free = commands.filter(({ work }) => work.kind === 'command' && work.confine === undefined);
  if (loose.length + free.length === 0) return done(plan);
  return failed(
    ...foldedNames(loose.map(({ name }) => name)).map((name) => ({
      kind: 'pipeline' as const,
      code: 'undeclared-tools' as const,
      message: `the command ${name} declares no tools`,
      hint: 'name the programs it uses: tools: [python3]',
    })),
    ...foldedNames(free.map(({ name }) => name)).map((name) => ({
      kind: 'pipeline' as const,
      code: 'undeclared-reads' as const,
      message: `what the command ${name} reads of the project is not known`,
      hint: 'let it see only what it declares: confine: project, for the node or the file',
    })),
  );
}

/** `stillroom plan`: says what a run would do, and why; executes nothing. */
export default verb({
  name: 'plan',
  arguments: ['[pipeline]'],
  about: 'say what a run would do, and why',
  example: 'stillroom plan pipelines/quickstart.yaml --set size=96',
  examples: ['stillroom plan --strict'],
  detail:
    'Nothing is executed. `run`: it will be executed; `reuse`: its result is stored, or a remote has it that --remote names; `maybe`: an input may come out the same. How long it would take is told by earlier runs.',
  options: {
    ...planning,
    remote: texts('--remote <remote>', 'ask this remote too what it has; declared in stillroom.yaml; repeatable'),
    all: every,
    strict: flag('--strict', 'refuse commands that declare no tools, and those that may read what they do not declare'),
  },
  async run(
    { pipeline, set, followLinks, force, remeasure, refreshEnvironment, jobs, only, executor, remote: remotes, all, strict },
    invocation,
  ) {
    const { stdout, json } = invocation;
    const chosen = await chosenPipeline(pipeline, invocation);
    if (!chosen.ok) return refusal(chosen.problems);
    const project = await invocation.open({ file: chosen.value, executor, remotes });
    const planned = await project.plan(chosen.value, {
      set: settings(set, followLinks),
      force,
      remeasure,
      refreshEnvironment,
      jobs,
      only,
      askRemotes: true,
    });
    const plan = planned.ok && strict ? strictly(planned.value) : planned;
    if (!plan.ok) return refusal(plan.problems);
    const { nodes, forecast, builds } = plan.value;
    const lines = json ? [] : [...summary(plan.value, columnsOf(stdout)), '', ...rows(nodes, all, columnsOf(stdout))];
    return answer({ nodes: nodes.map(plannedJson), forecast, ...(builds.length === 0 ? {} : { builds }) }, lines, {
      notes: [...builds.map(buildLine), ...unseenPackages(plan.value)].flatMap((line) => wrapBelow(line, columnsOf(stdout), 2)),
    });
  },
});

/** A word on commands of which the interpreter counts, but not the packages that it finds. */
function unseenPackages({ pipeline }: PipelinePlan): readonly Line[] {
  const isPython = (tool: Tool): boolean => 'program' in tool && /(^|\/)(python|pypy)[\d.]*$/.test(tool.program);
  const loose = pipeline.instances.filter(
    ({ work }) =>
      work.kind === 'command' && work.environment === undefined && work.tools.some(isPython) && !work.tools.some((tool) => 'run' in tool),
  );
  const nodes = [...new Set(loose.map(({ node }) => node))];
  if (nodes.length === 0) return [];
  return [dim(`${fewNames(nodes)}: Python packages do not count; write environment: { python: FILE }`)];
}

function fewNames(nodes: readonly string[]): string {
  return nodes.length > 3 ? `${nodes.slice(0, 3).join(', ')} and ${nodes.length - 3} more` : nodes.join(', ');
}

/** What is built before nodes are executed. */
function buildLine({ from, nodes, python, packages }: PipelinePlan['builds'][number]): Line {
  const what = packages === undefined ? 'locked and built first' : `built first (${counted(packages, 'package')}, Python ${python})`;
  return dim(`${fewNames(foldedNames(nodes))}: the environment of ${from} is ${what}`);
}

function plannedJson({ node, action, cause, expected, remote }: PipelinePlan['nodes'][number]): object {
  return { node, action, cause, expected, remote };
}

/** How each action is shown. */
const STYLES: Readonly<Record<string, (text: string) => Line>> = { run: accent, maybe: warned, reuse: good };

function summary({ pipeline, nodes, forecast }: PipelinePlan, width: number | undefined): readonly Line[] {
  const count = (wanted: string, words: string): Line => {
    const many = nodes.filter(({ action }) => action === wanted).length;
    return many === 0 ? dim(`0 ${words}`) : (STYLES[wanted] ?? strong)(`${many} ${words}`);
  };
  const far = nodes.filter(({ remote }) => remote !== undefined).length;
  const from = far === 0 ? [] : [dim(` (${far} from remotes)`)];
  const counts = [count('run', 'to run'), ', ', count('maybe', 'maybe'), ', ', count('reuse', 'reused'), ...from];
  const lines: Line[] = [[strong(pipeline.name), ': ', ...counts]];
  const amount = forecastText(forecast);
  lines.push(amount ?? dim('a run would execute nothing'));
  return lines.flatMap((line) => wrapBelow(line, width, 2));
}

/** The columns that the names of nodes take at most, where their list is long. */
const NAMES = 32;

/** A line for all nodes of which the same is said; with `all` one for each instance. */
function rows(nodes: readonly Said[], all: boolean, width: number | undefined): readonly Line[] {
  const styled = (action: string): Line => (STYLES[action] ?? strong)(action.padEnd(5));
  const told = all
    ? nodes.map(({ node, action, cause }) => [styled(action), node, cause])
    : foldSaid(nodes, ['run', 'maybe', 'reuse']).map(({ folded, action, cause }) => [styled(action), folded.join(', '), cause]);
  return wrappedTable(told, { width, most: all ? [] : [undefined, NAMES] });
}

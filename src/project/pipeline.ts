import type { Surroundings } from '../engine/fingerprint.ts';
import { makePlan, type Plan } from '../engine/plan.ts';
import type { RecalledRun } from '../engine/recall.ts';
import { pipelineOf } from '../load/pipeline/pipeline.ts';
import { readYamlFile } from '../load/yaml/file.ts';
import { suggestion } from '../text/suggestion.ts';
import type { Instance, Pipeline } from '../model/pipeline.ts';
import { instancesNamed } from '../load/pipeline/selection.ts';
import { done, failed, type Outcome, type Problem } from '../model/problem.ts';
import type { Errand } from '../model/store.ts';
import type { Context } from './context.ts';
import { writeEditorSchema } from './editor.ts';
import { openFile } from './open-file.ts';
import type { Opened } from './opened.ts';
import { provisionOf } from './provision.ts';
import { recallRun } from './recall.ts';

/** Reads a pipeline file with `--set` options. */
export async function openPipeline(context: Context, file: string, set: readonly string[] = []): Promise<Outcome<Opened>> {
  const opened = await openFile(context, file, { set });
  if (!opened.ok) return opened;
  const pipeline = await pipelineOf(opened.value.read);
  if (!pipeline.ok) return pipeline;
  await writeEditorSchema(context.root, opened.value.store, pipeline.value);
  return done({ ...opened.value, pipeline: pipeline.value });
}

/** The instances that words name; a word that names none is a problem. */
function instancesOf(pipeline: Pipeline, words: readonly string[], option: string): Outcome<ReadonlySet<string>> {
  const problems: Problem[] = [];
  const found = words.flatMap((word) => {
    const names = instancesNamed(pipeline.instances, word);
    if (names.length === 0)
      problems.push({
        kind: 'usage',
        code: 'unknown-node',
        message: `${option} ${word}: no node has that name`,
        hint: listHint(word, option, pipeline) ?? suggestion(word, new Set(pipeline.instances.flatMap(({ name, node }) => [node, name]))),
      });
    return names;
  });
  return problems.length > 0 ? failed(...problems) : done(new Set(found));
}

/** Several nodes in one word are as many options. */
function listHint(word: string, option: string, { instances }: Pipeline): string | undefined {
  const parts = word.split(',').map((one) => one.trim());
  const isEach = parts.length > 1 && parts.every((one) => instancesNamed(instances, one).length > 0);
  return isEach ? `write ${parts.map((one) => `${option} ${one}`).join(' ')}` : undefined;
}

/** Which nodes are wanted, and which are executed although their results exist. */
export interface Wanted {
  readonly force?: readonly string[] | undefined;
  /** Nodes that measure the machine are executed although their results exist. */
  readonly remeasure?: boolean | undefined;
  /** What is locked by no file is locked anew: the newest packages that the requirements of environments allow. */
  readonly refreshEnvironment?: boolean | undefined;
  readonly only?: readonly string[] | undefined;
}

/** What is wanted, and whether what is planned will be run at once. */
export interface WantedPlan extends Wanted {
  readonly running?: boolean;
  /** Environments that are not locked yet are locked now; default: where it will be run at once. */
  readonly makesLocks?: boolean;
  /** Remotes are asked what they have: it is told, and not run as it is. */
  readonly asksRemotes?: Errand | undefined;
  /** Aborted: what is looked up for it is wanted no more. */
  readonly signal?: AbortSignal | undefined;
  /** The `--set` options with which it was read. */
  readonly set?: readonly string[] | undefined;
  /** The run that it recalls; default: the last one of its file. */
  readonly recalled?: RecalledRun | undefined;
}

/** The instances that measure the machine; that there are none is a problem. */
function measuring({ name, instances }: Pipeline): Outcome<ReadonlySet<string>> {
  const names = instances.flatMap((instance) => (instance.measures ? [instance.name] : []));
  if (names.length > 0) return done(new Set(names));
  return failed({
    kind: 'usage',
    code: 'bad-option',
    message: `--remeasure: no node of ${name} measures the machine`,
    hint: 'execute a node although its result exists with --force NODE; a stage or command measures that says measures: machine',
  });
}

function isBuiltFor({ work }: Instance): boolean {
  return work.kind === 'command' && work.environment !== undefined && !('venv' in work.environment);
}

function nothingToRefresh({ name }: Pipeline): Problem {
  return {
    kind: 'usage',
    code: 'bad-option',
    message: `--refresh-environment: no node of ${name} has an environment that is built`,
    hint: 'a command that has one says environment: { python: requirements.txt }',
  };
}

/** Plans a pipeline that was read. */
export async function planOpened({ pipeline, named, surroundings }: Opened, wanted: WantedPlan = {}): Promise<Outcome<Plan>> {
  const forced = instancesOf(pipeline, wanted.force ?? [], '--force');
  if (!forced.ok) return forced;
  const remeasured = wanted.remeasure === true ? measuring(pipeline) : done(new Set<string>());
  if (!remeasured.ok) return remeasured;
  if (wanted.refreshEnvironment === true && !pipeline.instances.some(isBuiltFor)) return failed(nothingToRefresh(pipeline));
  const only = instancesOf(pipeline, wanted.only ?? [], '--only');
  if (!only.ok) return only;
  const { running = false, remeasure = false, set = [], makesLocks = running, refreshEnvironment = false, signal, asksRemotes } = wanted;
  const provision = provisionOf(surroundings.environment, {
    makesLocks,
    refreshes: refreshEnvironment,
    tell: surroundings.provision?.tell,
  });
  const plan = await makePlan({
    ...{
      pipeline,
      surroundings: { ...surroundings, provision, ...(signal === undefined ? {} : { stop: signal }) },
      remeasure,
      running,
      set,
      ...(asksRemotes === undefined ? {} : { asksRemotes }),
    },
    recalled: wanted.recalled ?? (await recalledOf(pipeline, surroundings)),
    forced: new Set([...forced.value, ...remeasured.value]),
    only: wanted.only === undefined ? undefined : only.value,
  });
  return plan.ok ? plan : failed(...plan.problems.map((problem) => placed(problem, pipeline.file, named)));
}

async function recalledOf({ file }: Pipeline, { store, executors }: Surroundings): Promise<RecalledRun | undefined> {
  const executor = await executors.get();
  return executor.ok ? recallRun(store, { file, executor: executor.value.name }) : undefined;
}

/** A problem with the place in the pipeline file that it points to. */
function placed({ pointer, ...problem }: Problem, file: string, named: string): Problem {
  if (pointer === undefined || problem.place !== undefined) return problem;
  const text = readYamlFile(file, named);
  // What a node does not say for itself may stand for the whole file.
  const place = text.place(pointer) ?? text.place(pointer.replace(/^\/stages\/[^/]+(?=\/environment$)/, ''));
  return place === undefined ? problem : { ...problem, place };
}

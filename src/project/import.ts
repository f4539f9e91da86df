import { existsSync, mkdirSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { convert, type Converted } from '../dvc/convert.ts';
import { readDocument } from '../dvc/document.ts';
import { FreshNames } from '../dvc/draft.ts';
import { DvcLock, type Present } from '../dvc/lock.ts';
import type { DvcPipeline, DvcStage, Note } from '../dvc/stage.ts';
import { unfold } from '../dvc/unfold.ts';
import type { Where } from '../dvc/values.ts';
import { writtenPipeline } from '../dvc/write.ts';
import { isObject } from '../files/json.ts';
import type { Event } from '../model/event.ts';
import { instanceName } from '../model/instance-name.ts';
import type { Instance } from '../model/pipeline.ts';
import { done, failed, type Outcome, type Problem } from '../model/problem.ts';
import { shellWord } from '../text/shell-word.ts';
import type { Context } from './context.ts';
import { writeOutput } from './output-file.ts';
import type { Opened } from './opened.ts';
import { openPipeline, planOpened } from './pipeline.ts';
import { runPlan } from './run.ts';
import { takingOver } from './taken-over.ts';

/** How a pipeline of another program is imported. */
export interface ImportOptions {
  /** The file that is written; default: one in the project's `pipelines/`, named as the folder of what is imported. */
  readonly output?: string | undefined;
  /** Writes over a file that is there. */
  readonly force?: boolean | undefined;
  /** Outputs that are there are not taken over. */
  readonly fresh?: boolean | undefined;
  /** Told what happens while outputs are taken over. */
  readonly onEvent?: ((event: Event) => void) | undefined;
}

/** What an import wrote, and what became of what was there. */
export interface Imported {
  /** Absolute. */
  readonly file: string;
  /** Stages of the imported file, and how many of them became nodes or sources. */
  readonly stages: number;
  readonly converted: number;
  /** The node that each stage became, as DVC names the stage. */
  readonly nodes: Readonly<Record<string, string>>;
  /** What is to be known of it, by line. */
  readonly notes: readonly Note[];
  /** Nodes whose outputs were taken over, and the run that says so. */
  readonly taken: readonly string[];
  readonly run: string | undefined;
  /** Stages whose outputs were not, and why. */
  readonly left: readonly { readonly stage: string; readonly why: string }[];
  /** What has to be fetched before anything can run. */
  readonly missing: readonly { readonly path: string; readonly obtain: string }[];
  /** What is wrong with what was written. */
  readonly problems: readonly Problem[];
}

/** Writes a pipeline file that does what a `dvc.yaml` does, and takes the outputs over that are there. */
export async function importDvc(context: Context, file: string, options: ImportOptions): Promise<Outcome<Imported>> {
  const named = resolve(context.folder, file);
  const source = statSync(named, { throwIfNoEntry: false })?.isDirectory() === true ? join(named, 'dvc.yaml') : named;
  if (!existsSync(source)) return failed(noSuchFile(file));
  const shown = relative(context.folder, source);
  const document = readDocument(source, shown);
  if (!document.ok) return document;
  if (!isObject(document.value.value['stages'])) return failed(noStages(shown));
  const folder = dirname(source);
  const where: Where = { folder, shown: relative(context.folder, folder) };
  const pipeline = unfold(document.value, basename(source), where);
  if (!pipeline.ok) return pipeline;
  const lock = DvcLock.read(where, dvcRoot(folder), pipeline.value.stages);
  if (!lock.ok) return lock;
  const name = new FreshNames('-').make(options.output === undefined ? basename(folder) : basename(options.output).replace(/\.ya?ml$/, ''));
  const output = options.output === undefined ? join(context.root, 'pipelines', `${name}.yaml`) : resolve(context.folder, options.output);
  if (existsSync(output) && options.force !== true) return failed(isThere(relative(context.folder, output), file));
  const converted = convert({ pipeline: pipeline.value, where, file: shown, lock: lock.value, name, target: dirname(output) });
  if (converted.draft.nodes.length === 0) return failed(noNodes(shown, [...pipeline.value.notes, ...converted.notes]));
  const refused = write(output, { converted, shown, folder });
  if (refused !== undefined) return failed(refused);
  const lost = pipeline.value.notes.filter(({ isLost }) => isLost === true).length;
  const found: Omit<Imported, 'taken' | 'run' | 'left' | 'problems'> = {
    file: output,
    stages: pipeline.value.stages.length + lost,
    converted: pipeline.value.stages.length,
    nodes: Object.fromEntries([...converted.nodes].map(([stage, { node, point }]) => [stage, instanceName(node, point ?? {})])),
    missing: [...converted.draft.sources.values()]
      .filter(({ path }) => !existsSync(resolve(dirname(output), path)))
      .map(({ path, obtain = '' }) => ({ path: relative(context.folder, resolve(dirname(output), path)), obtain })),
    notes: [...pipeline.value.notes, ...converted.notes].sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1)),
  };
  const opened = await openPipeline(context, relative(context.folder, output));
  if (!opened.ok) return done({ ...found, ...NOTHING, problems: opened.problems.filter(({ code }) => code !== 'missing-source') });
  const isLocked = lock.value !== undefined && options.fresh !== true;
  const taken = isLocked ? await takeOver(opened.value, { pipeline: pipeline.value, converted, lock: lock.value }, options) : done(NOTHING);
  return taken.ok ? done({ ...found, ...taken.value }) : taken;
}

const NOTHING: Pick<Imported, 'taken' | 'run' | 'left' | 'problems'> = { taken: [], run: undefined, left: [], problems: [] };

/** The folder that holds `.dvc`, upward. */
function dvcRoot(folder: string): string {
  const above = dirname(folder);
  return existsSync(join(folder, '.dvc')) || above === folder ? folder : existsSync(join(above, '.dvc')) ? above : dvcRoot(above);
}

function noSuchFile(file: string): Problem {
  return { kind: 'usage', code: 'no-such-file', message: `${file} does not exist`, hint: 'name a dvc.yaml, or the folder that holds one' };
}

function noStages(file: string): Problem {
  const hint =
    'a dvc.yaml has "stages"; data that a .dvc file tracks becomes a source: sources: { data: { path: ./data, obtain: dvc pull } }';
  return { kind: 'usage', code: 'foreign-file', message: `${file} is no pipeline of DVC`, hint };
}

function noNodes(file: string, [first]: readonly Note[]): Problem {
  const why = first === undefined ? '' : `: line ${first.line}, ${first.message}`;
  return { kind: 'usage', code: 'foreign-file', message: `${file} has no stage that can be a node${why}`, hint: 'correct it there first' };
}

function isThere(output: string, file: string): Problem {
  const hint = `stillroom import ${shellWord(file)} --force writes over it, --output FILE writes another`;
  return { kind: 'usage', code: 'bad-option', message: `${output} is there already`, hint };
}

function write(
  output: string,
  { converted, shown, folder }: { readonly converted: Converted; readonly shown: string; readonly folder: string },
): Problem | undefined {
  if (!existsSync(dirname(output))) mkdirSync(dirname(output), { recursive: true });
  const head = [
    `Made of ${basename(shown)} by "stillroom import". A node is given what it reads at the places where DVC had it, and nothing else.`,
  ];
  const fileOf = (file: string): string => {
    const path = relative(dirname(output), join(folder, file));
    return path.startsWith('.') ? path : `./${path}`;
  };
  return writeOutput(output, writtenPipeline(converted.draft, head, fileOf));
}

/** What was read of DVC. */
interface Read {
  readonly pipeline: DvcPipeline;
  readonly converted: Converted;
  readonly lock: DvcLock;
}

/** Takes over the outputs of the stages of which `dvc.lock` says that nothing has changed: a run that copies in place of executing. */
async function takeOver(opened: Opened, { pipeline, converted, lock }: Read, { onEvent }: ImportOptions): Promise<Outcome<typeof NOTHING>> {
  const running = pipeline.stages.filter(({ isFrozen }) => !isFrozen);
  const makers = new Map(running.flatMap((stage) => stage.outs.map(({ path }): [string, DvcStage] => [path, stage])));
  const left: { stage: string; why: string }[] = [];
  const there = new Map<string, Readonly<Record<string, Present>>>();
  for (const stage of running) {
    const node = converted.nodes.get(stage.name);
    const standing = lock.standing(stage, (path) => makers.get(path));
    if ('why' in standing) left.push({ stage: stage.name, why: standing.why });
    else if (standing.outs.length === 0) left.push({ stage: stage.name, why: 'it writes nothing that could be taken over' });
    else if (node !== undefined)
      there.set(
        instanceName(node.node, node.point ?? {}),
        Object.fromEntries(standing.outs.map((out) => [converted.made.get(out.path)?.port ?? '', out])),
      );
  }
  const wanted = withAllAbove(opened.pipeline.instances, there);
  if (wanted.length === 0) return done({ ...NOTHING, left });
  const executors = takingOver(opened.surroundings.executors, there, lock.content);
  const plan = await planOpened({ ...opened, surroundings: { ...opened.surroundings, executors } }, { only: wanted, running: true });
  if (!plan.ok) return done({ ...NOTHING, left, problems: plan.problems });
  const ended = await runPlan(
    plan.value,
    { shownFile: opened.shownFile, set: [], keepGoing: true, earlier: [] },
    { onEvent },
    () => undefined,
  );
  if (!ended.ok) return ended;
  const { record, problems } = ended.value;
  const taken = wanted.filter((name) => ['executed', 'reused'].includes(record.nodes[name]?.state ?? ''));
  return done({ taken, run: record.id, left, problems });
}

/** The instances that are there, and all whose outputs they are given too. */
function withAllAbove(instances: readonly Instance[], there: ReadonlyMap<string, unknown>): string[] {
  const taken = new Set<string>();
  for (const { name, inputs } of instances) {
    const origins = inputs.flatMap(({ elements }) => elements.map(({ origin }) => origin));
    if (there.has(name) && origins.every((origin) => origin.kind !== 'output' || taken.has(origin.instance))) taken.add(name);
  }
  return [...taken];
}

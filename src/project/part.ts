import { areStanding, groundsOf, joinedGrounds } from '../engine/grounds.ts';
import type { Plan } from '../engine/plan.ts';
import { areSourcesKept, recalledRun, type UnchangedNode } from '../engine/repeat.ts';
import { Rest } from '../engine/rest.ts';
import { unchangedPart } from '../engine/unchanged.ts';
import { editedNodes, outlineAfter } from '../load/pipeline/edited.ts';
import { askedOtherwise } from '../load/pipeline/outline.ts';
import { pipelineOf } from '../load/pipeline/pipeline.ts';
import { readText } from '../load/yaml/file.ts';
import type { Event } from '../model/event.ts';
import { sha256 } from '../model/canonical.ts';
import { nodeOf } from '../model/instance-name.ts';
import { done, type Outcome } from '../model/problem.ts';
import { insideOf, type Recipe, type RunNode } from '../model/run.ts';
import type { Context } from './context.ts';
import { type OpenedFile, openFile } from './open-file.ts';
import { locatePipeline } from './pipeline-files.ts';
import { planOpened } from './pipeline.ts';
import { type Remembered, unlessRefused } from './remembered.ts';
import { type Planned, type RunOptions, type RunResult, runOpened } from './run.ts';
import { changedSummary } from './summary.ts';
import { type Asked, remember } from './unchanged.ts';
import { notedStanding, type UnchangedNote } from './unchanged-note.ts';

/** A plan of the part of a pipeline that is asked otherwise than in its last run, and what stands beside it. */
export interface PlannedPart {
  readonly planned: Planned;
  readonly rest: Rest;
  /** What is remembered of the last run. */
  readonly note: UnchangedNote;
}

/** So many nodes are read and planned as a part of a pipeline; so many may come out otherwise than in the run whose record holds all. */
const MOST = { part: 500, otherwise: 60 };

/**
 * Plans a run of which few nodes are asked otherwise than in the last one, when everything came out: these, what is downstream of them, and what
 * they need. Nothing else is read, and all else stands as it did. Undefined where more differs, anything is not as it was, or something is wrong
 * with the file: then all of it is read.
 */
export function planPart(context: Context, file: string, remembered: Remembered, options: RunOptions): Promise<PlannedPart | undefined> {
  return unlessRefused(() => plannedPart(context, file, remembered, options));
}

async function plannedPart(context: Context, file: string, { newest }: Remembered, options: RunOptions): Promise<PlannedPart | undefined> {
  if (newest === undefined) return undefined;
  const { note, path } = newest;
  const { unchanged } = note;
  if (note.outline === undefined || note.asked.only !== null || options.only !== undefined) return undefined;
  // Options may name paths that begin where a command is given.
  if (note.asked.folder !== context.folder && [...note.asked.set, ...(options.set ?? [])].length > 0) return undefined;
  const opened = (await openEdited(context, file, note, options)) ?? (await openFile(context, file, options));
  if (!opened.ok) return undefined;
  const { read, surroundings, store } = opened.value;
  const outline = opened.value.outline();
  const names = unchanged.nodes.map(([node]) => node);
  const otherwise = outline && askedOtherwise(note.outline, outline, names);
  if (otherwise === undefined || otherwise.size === 0) return undefined;
  const { part, downstream } = partAround(unchanged.nodes, otherwise);
  const differing = Object.keys(insideOf(unchanged.record.nodes)).length;
  if (part.size > MOST.part || downstream + differing > MOST.otherwise) return undefined;
  const recalled = recalledRun(unchanged, store, notedStanding(path));
  if (recalled === undefined || !(await areStanding(note.grounds, surroundings)) || !areSourcesKept(unchanged, store)) return undefined;
  const pipeline = await pipelineOf(read, part);
  if (!pipeline.ok) return undefined;
  const whole = { ...opened.value, pipeline: pipeline.value };
  const plan = await planOpened(whole, { running: true, set: options.set, recalled });
  if (!plan.ok || plan.value.nodes.size !== part.size || !keepsPlaces(plan.value, part, recalled.nodes)) return undefined;
  const rest = Rest.of(unchanged, plan.value);
  return rest && { planned: { opened: whole, plan: plan.value }, rest, note };
}

/** Opens a file in which the text of few nodes was edited since it was noted: only what has to do with them is read. Undefined: more may differ. */
async function openEdited(
  context: Context,
  file: string,
  { asked, outline, unchanged }: UnchangedNote,
  { set = [] }: RunOptions,
): Promise<Outcome<OpenedFile> | undefined> {
  if (outline === undefined || asked.set.length + set.length > 0) return undefined;
  const text = readText(locatePipeline(file, context.folder).file, file);
  const edited = typeof text === 'string' ? editedNodes(outline, text) : undefined;
  if (typeof text !== 'string' || edited === undefined) return undefined;
  const names = unchanged.nodes.flatMap(([node]) => (edited.nodes.has(nodeOf(node)) ? [node] : []));
  const { part } = partAround(unchanged.nodes, new Set(names));
  if (part.size > MOST.part) return undefined;
  const nodes = new Set([...part].map(nodeOf));
  const opened = await openFile(context, file, { text: edited.only(nodes) });
  const own = opened.ok ? opened.value.outline() : undefined;
  const whole = own && outlineAfter(outline, { text, nodes }, own);
  return opened.ok && whole !== undefined && opened.value.text === sha256(text)
    ? done({ ...opened.value, outline: () => whole })
    : undefined;
}

/** Instances with all that is downstream of them, and with all that those need, in their order; `downstream`: how many the former are. */
function partAround(
  nodes: readonly UnchangedNode[],
  changed: ReadonlySet<string>,
): { readonly part: ReadonlySet<string>; readonly downstream: number } {
  const found = new Set<string>();
  const isFound = (name: string): boolean => found.has(name);
  for (const node of nodes) if (changed.has(node[0]) || node.some(isFound)) found.add(node[0]);
  const downstream = found.size;
  for (const node of nodes.toReversed()) if (isFound(node[0])) for (const name of node) found.add(name);
  const part = new Set<string>();
  for (const [node] of nodes) if (isFound(node)) part.add(node);
  return { part, downstream };
}

/**
 * Whether the nodes of a part have the instances that they had, in their order, and each that is planned anew takes its inputs from where it took
 * them and gives what it gave: then nothing else can differ by it.
 */
function keepsPlaces({ nodes }: Plan, part: ReadonlySet<string>, before: Readonly<Record<string, RunNode>>): boolean {
  const byNode = (names: Iterable<string>): string =>
    JSON.stringify([...names].toSorted((a, b) => (nodeOf(a) < nodeOf(b) ? -1 : Number(nodeOf(a) > nodeOf(b)))));
  if (byNode(nodes.keys()) !== byNode(part)) return false;
  return [...nodes].every(([name, { prepared, recorded }]) => {
    const recipe = before[name]?.recipe;
    return recorded !== undefined || (recipe !== undefined && placeOf(prepared.instance) === placeOf(recipe));
  });
}

function placeOf(node: Pick<Recipe, 'inputs' | 'outputs' | 'metrics'> & { readonly work: object }): string {
  const { inputs, outputs, metrics, work } = node;
  return JSON.stringify([inputs, outputs, metrics, 'metrics' in work ? work.metrics : null]);
}

/** Runs a plan of a part of a pipeline, as a run of all its nodes, and remembers it. */
export async function runPart(
  { planned, rest, note }: PlannedPart,
  asked: Asked & { readonly options: RunOptions },
  emit: (event: Event) => void,
): Promise<Outcome<RunResult>> {
  const { options } = asked;
  const ended = await runOpened(planned, { earlier: [rest.formerPart()], rest }, { ...options, set: options.set ?? [] }, emit);
  if (!ended.ok) return ended;
  const { opened, plan } = planned;
  const { nodes } = rest.former;
  const changed = rest.outcomes(ended.value.record.nodes);
  const ends = new Set(Object.keys(changed));
  for (const [, ...after] of nodes) for (const name of after) ends.delete(name);
  const summary = changedSummary(note.summary, {
    pipeline: opened.pipeline,
    artifacts: opened.store.artifacts,
    names: nodes.map(([node]) => node),
    changed,
    ends,
  });
  const unchanged = await unchangedPart(rest, plan, ended.value);
  if (unchanged !== undefined) remember(planned, { unchanged, summary, grounds: joinedGrounds(note.grounds, groundsOf(plan)) }, asked);
  return done({ ...ended.value, summary });
}

import { statSync } from 'node:fs';
import { extname, join, posix } from 'node:path';
import { isObject } from '../files/json.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { FreshNames, type MadeOutput, type Notes, type OutputDraft } from './draft.ts';
import { type Folded, variableOf } from './fold.ts';
import { isElsewhere, type Layout } from './layout.ts';
import type { DvcLock } from './lock.ts';
import type { DvcOutput, DvcPipeline, DvcStage } from './stage.ts';

/** What converting needs to know of a whole pipeline of DVC. */
export interface Conversion {
  readonly pipeline: DvcPipeline;
  /** The folder of `dvc.yaml`, absolute. */
  readonly folder: string;
  readonly layout: Layout;
  readonly lock: DvcLock | undefined;
  readonly notes: Notes;
  /** Who makes which path. */
  readonly made: ReadonlyMap<string, MadeOutput>;
  /** The names of a node's ports, and of its other variables. */
  readonly names: Map<string, FreshNames>;
}

/** Templates of plots, as a report draws them. */
const MARKS: Readonly<Record<string, string>> = {
  scatter: 'points',
  scatter_jitter: 'points',
  confusion: 'confusion',
  confusion_normalized: 'confusion',
  bar_horizontal: 'bars',
  bar_horizontal_sorted: 'bars',
};

/** How a report draws what DVC draws by these settings; undefined: as it draws anything. */
function plotOf(settings: JsonObject): JsonObject | undefined {
  const { x, y, x_label, y_label, title, template } = settings;
  const as = typeof template === 'string' ? MARKS[template] : undefined;
  const texts = Object.entries({ title, x, y, x_label, y_label }).filter(([, one]) => typeof one === 'string');
  const plot = { ...(Object.fromEntries(texts) as JsonObject), ...(as === undefined ? {} : { as }) };
  return Object.keys(plot).length === 0 ? undefined : plot;
}

/** Whether an output is a folder: by the lock, by what stands there, else by its name. */
function isFolder(
  stage: DvcStage,
  { path, pieces }: DvcOutput,
  { folder, lock, notes }: Pick<Conversion, 'folder' | 'lock' | 'notes'>,
  line: number,
): boolean {
  const written = pieces.at(-1)?.text ?? '';
  const known = lock?.isFolder(stage.name, path) ?? statSync(join(folder, path), { throwIfNoEntry: false })?.isDirectory();
  if (known !== undefined || written.endsWith('/')) return known ?? true;
  const guessed = extname(path) === '';
  if (guessed)
    notes.add(
      line,
      `${stage.name}: ${path} is taken for a folder, since its name has no suffix: if it is a file, remove the slash in "out"`,
    );
  return guessed;
}

/** The ports of a node's outputs, by the paths that its stages write. */
export function madeOutputs({ stages, points }: Folded, node: string, known: Omit<Conversion, 'made'>): MadeOutput[] {
  const names = new FreshNames('_');
  known.names.set(node, names);
  const [first] = stages;
  const ports = first.outs.map(({ path }) => names.make(stem(path)));
  return stages.flatMap((stage, index) =>
    stage.outs.map(
      (out, at): MadeOutput => ({
        ...{ stage, node, path: out.path, point: points[index], port: ports[at] ?? 'out' },
        isFolder: isFolder(stage, out, known, out.line),
      }),
    ),
  );
}

/** The name of a file without its suffix. */
export function stem(path: string): string {
  const name = posix.basename(path);
  return name.slice(0, name.length - (extname(name) === name ? 0 : extname(name).length));
}

/** The outputs of a node, as the pipeline file has them. */
export function outputDrafts({ stages, matrix }: Folded, conversion: Conversion): OutputDraft[] {
  const [first] = stages;
  const { layout, made, notes } = conversion;
  return first.outs.flatMap((out) => {
    const one = made.get(out.path);
    if (isElsewhere(out.path) !== undefined) {
      notes.add(out.line, `${first.name}: ${out.path} lies outside the project: a node writes into its own folder; copy it from there`);
      return [];
    }
    tellSettings(first, out, notes);
    const path = layout.at(matrix === undefined ? out.path : templated(out));
    const about = out.settings['desc'];
    const plot = out.kind === 'plot' ? plotOf(out.settings) : undefined;
    return [
      {
        ...{ port: one?.port ?? 'out', path: one?.isFolder === true ? `${path}/` : path },
        ...(plot === undefined ? {} : { plot }),
        ...(typeof about === 'string' ? { comment: about } : {}),
      },
    ];
  });
}

/** A path with the variables of a matrix. */
function templated({ pieces }: DvcOutput): string {
  const text = pieces.map(({ text: filled, name }) => {
    const variable = name === undefined || !/^(?:item|key)\b/.test(name) ? undefined : variableOf(name);
    return variable === undefined ? filled.replaceAll('$', '$$$$') : `\${${variable}}`;
  });
  return posix.normalize(text.join('')).replace(/\/$/, '');
}

function tellSettings(stage: DvcStage, { path, settings, line }: DvcOutput, notes: Notes): void {
  const told: Readonly<Record<string, string>> = {
    persist: `${path} is made anew each time ("persist"): a program that goes on from what it wrote keeps that in $STILLROOM_CHECKPOINT`,
    checkpoint: `${path} is no checkpoint: a program that goes on from what it wrote keeps that in $STILLROOM_CHECKPOINT`,
    remote: `the remote of ${path} is not kept: remotes are declared in stillroom.yaml, for all outputs`,
    header: `${path} has no header: columns of tables have names, write one`,
  };
  for (const [key, message] of Object.entries(told)) {
    const value: Json | undefined = settings[key];
    const counts = key === 'header' ? value === false : value !== undefined && value !== false;
    if (counts) notes.add(line, `${stage.name}: ${message}`);
  }
  if (settings['push'] === false)
    notes.add(line, `${stage.name}: "push: false" of ${path} is not kept: a remote takes all or nothing of a run`);
}

/** A path of DVC as `node.port`, with the rest of it where it lies in a folder. */
export function portOf(
  path: string,
  made: ReadonlyMap<string, MadeOutput>,
): { readonly output: MadeOutput; readonly rest: string } | undefined {
  for (let at = path; at !== '.' && at !== '/'; at = posix.dirname(at)) {
    const output = made.get(at);
    if (output !== undefined) return { output, rest: path.slice(at.length).replace(/^\//, '') };
  }
  return undefined;
}

/** The plots of several files, as the pipeline file has them. */
export function joinedPlots({ pipeline, made, notes }: Conversion): JsonObject {
  const plots: Record<string, Json> = {};
  for (const { name, settings, line } of pipeline.plots) {
    if (!isObject(settings)) continue;
    const { x, y, ...look } = settings as JsonObject;
    const written: readonly (readonly [string, Json])[] = isObject(y)
      ? Object.entries(y as JsonObject)
      : typeof y === 'string' || Array.isArray(y)
        ? [[name, y]]
        : [];
    const columns = written.flatMap(([file, column]) => {
      const found = portOf(posix.normalize(file), made);
      if (found === undefined) notes.add(line, `the plot "${name}" leaves ${file} out: no stage writes it`);
      return found === undefined
        ? []
        : [[`${found.output.node}.${found.output.port}${found.rest === '' ? '' : `/${found.rest}`}`, column] as const];
    });
    const across = isObject(x) ? Object.values(x as JsonObject)[0] : x;
    if (isObject(x) && new Set(Object.values(x as JsonObject)).size > 1)
      notes.add(line, `the plot "${name}" takes one column across, ${String(across)}, from all files: DVC was given several`);
    if (columns.length > 0)
      plots[name] = { ...plotOf({ ...look, ...(across === undefined ? {} : { x: across }) }), y: Object.fromEntries(columns) };
  }
  return plots;
}

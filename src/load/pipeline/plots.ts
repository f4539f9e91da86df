import type { Instance } from '../../model/pipeline.ts';
import type { JoinedPlot, OutputPlot } from '../../model/plot.ts';
import { pointerStep } from '../../text/json-pointer.ts';
import { suggestion } from '../../text/suggestion.ts';
import { isFull, type NodeContext } from './context.ts';

type Columns = string | readonly string[];

interface FileLook {
  readonly x?: string;
  readonly as?: NonNullable<OutputPlot['as']>;
  readonly x_label?: string;
  readonly y_label?: string;
}

/** `plot:` of an output, as the file has it. */
export interface FilePlot extends FileLook {
  readonly y?: Columns;
  readonly title?: string;
}

/** A plot of several tables, as the file has it. */
export interface FileJoinedPlot extends FileLook {
  readonly y: Readonly<Record<string, Columns>>;
}

const listed = (columns: Columns): readonly string[] => (typeof columns === 'string' ? [columns] : columns);

function lookOf({ x, as, x_label, y_label }: FileLook): Pick<OutputPlot, 'x' | 'as' | 'xLabel' | 'yLabel'> {
  return {
    ...(x === undefined ? {} : { x }),
    ...(as === undefined ? {} : { as }),
    ...(x_label === undefined ? {} : { xLabel: x_label }),
    ...(y_label === undefined ? {} : { yLabel: y_label }),
  };
}

/** How an output is drawn, as the model has it. */
export function outputPlot(plot: FilePlot): OutputPlot {
  const { y, title } = plot;
  return { ...lookOf(plot), ...(y === undefined ? {} : { y: listed(y) }), ...(title === undefined ? {} : { title }) };
}

/** What is drawn of several outputs together, as the model has it. */
export function joinedPlots(plots: Readonly<Record<string, FileJoinedPlot>>): readonly JoinedPlot[] {
  return Object.entries(plots).map(([name, plot]) => ({
    name,
    ...lookOf(plot),
    y: Object.entries(plot.y).map(([file, columns]) => [file, listed(columns)] as const),
  }));
}

/** Complains of each file of `plots:` that is no output of a node, nor in one. */
export function checkPlots(
  { plots = {}, stages }: { readonly plots?: Readonly<Record<string, FileJoinedPlot>>; readonly stages: object },
  instances: ReadonlyMap<string, readonly Instance[]>,
  { locate, problems }: NodeContext,
): void {
  for (const [name, { y }] of Object.entries(plots)) {
    for (const file of Object.keys(y)) {
      if (isFull({ problems })) return;
      const wrong = problemOf(file, stages, instances);
      if (wrong !== undefined)
        problems.push(
          locate.problem('unknown-reference', wrong.message, `/plots${pointerStep(name)}/y${pointerStep(file)}`, 'key', wrong.hint),
        );
    }
  }
}

function problemOf(
  file: string,
  stages: object,
  instances: ReadonlyMap<string, readonly Instance[]>,
): { readonly message: string; readonly hint: string } | undefined {
  const [, node = '', port = '', path] = /^([^./]*)\.?([^/]*)(?:\/(.*))?$/s.exec(file) ?? [];
  // Of a node with a problem of its own nothing is known, and of one that is turned off nothing is drawn.
  if (Object.hasOwn(stages, node) && (instances.get(node) ?? []).length === 0) return undefined;
  const output = instances.get(node)?.[0]?.outputs;
  const kind = output !== undefined && Object.hasOwn(output, port) ? output[port]?.kind : undefined;
  if (kind === undefined) {
    const known = [...instances].flatMap(([own, [first]]) => Object.keys(first?.outputs ?? {}).map((one) => `${own}.${one}`));
    return { message: `"${file}" is not a node's output, nor a file in one`, hint: suggestion(file.split('/')[0] ?? '', known) };
  }
  if (kind === 'dir' && !path) return { message: `"${file}" is a folder`, hint: `name a file in it, such as ${node}.${port}/loss.csv` };
  if (kind === 'file' && path !== undefined)
    return { message: `"${node}.${port}" is a file, and has no "${path}" in it`, hint: `write ${node}.${port}` };
  return undefined;
}

import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SweepResult } from '../model/sweep.ts';
import { sweepCsv, sweepJson, sweepMarkdown } from '../reporters/sweep/table.ts';
import { importancePlot } from '../sweep/plots/importance.ts';
import { parallelCoordinatesPlot } from '../sweep/plots/parallel-coordinates.ts';
import { paretoPlot } from '../sweep/plots/pareto.ts';
import { SWEEP_FILES } from '../sweep/file-names.ts';
import { influences } from '../sweep/statistics.ts';
import { makeFolders } from '../files/folder.ts';

/** A drawing of a sweep. */
export interface Plot {
  readonly title: 'pareto front' | 'parallel coordinates' | 'importance';
  readonly svg: string;
}

/** The plots of a sweep, as far as there is something to plot. */
export function sweepPlots({ spec, trials, best, front }: SweepResult): readonly Plot[] {
  const [objective, second] = spec.objectives;
  if (objective === undefined || spec.space.length === 0 || !trials.some(({ losses }) => losses !== undefined)) return [];
  const found = influences(spec.space, trials);
  return [
    ...(second === undefined ? [] : [{ title: 'pareto front' as const, svg: paretoPlot([objective, second], trials, front) }]),
    { title: 'parallel coordinates', svg: parallelCoordinatesPlot(spec, trials, best) },
    ...(found.length === 0 ? [] : [{ title: 'importance' as const, svg: importancePlot(found, objective.metric) }]),
  ];
}

/** Writes tables, plots and the best variant into a folder; returns their paths by what they hold. Written anew each time, so they always fit each other. */
export function writeSweepFiles(folder: string, result: SweepResult, best: string | undefined): Readonly<Record<string, string>> {
  const plots = new Map(sweepPlots(result).map(({ title, svg }) => [title, svg]));
  const files: Record<string, string> = {};
  const write = (what: keyof typeof SWEEP_FILES, text: string | undefined): void => {
    const path = join(folder, SWEEP_FILES[what]);
    if (text === undefined) return rmSync(path, { force: true });
    writeFileSync(path, text);
    files[what] = path;
    return undefined;
  };
  makeFolders(folder);
  write('csv', sweepCsv(result));
  write('markdown', sweepMarkdown(result));
  write('pareto front', plots.get('pareto front'));
  write('parallel coordinates', plots.get('parallel coordinates'));
  write('importance', plots.get('importance'));
  write('best', best);
  write('json', `${JSON.stringify(sweepJson(result, files), null, 1)}\n`);
  return files;
}

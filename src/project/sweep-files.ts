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

/** Writes tables, plots and the best variant into a folder; returns their paths by what they hold. Written anew each time, so they always fit each other. */
export function writeSweepFiles(folder: string, result: SweepResult, best: string | undefined): Readonly<Record<string, string>> {
  const { spec, trials, front } = result;
  const [objective, second] = spec.objectives;
  const found = objective === undefined ? [] : influences(spec.space, trials);
  const isPlotted = objective !== undefined && spec.space.length > 0 && trials.some(({ losses }) => losses !== undefined);
  const hasFront = isPlotted && second !== undefined;
  const hasInfluences = objective !== undefined && found.length > 0;
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
  write('pareto front', hasFront ? paretoPlot([objective, second], trials, front) : undefined);
  write('parallel coordinates', isPlotted ? parallelCoordinatesPlot(spec, trials, result.best) : undefined);
  write('importance', hasInfluences ? importancePlot(found, objective.metric) : undefined);
  write('best', best);
  write('json', `${JSON.stringify(sweepJson(result, files), null, 1)}\n`);
  return files;
}

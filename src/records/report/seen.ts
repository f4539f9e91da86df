import type { ReportRun } from '../../model/report.ts';
import type { RunRecord } from '../../model/run.ts';
import type { Artifacts } from '../../model/store.ts';
import { confusionsOf } from './artifacts.ts';
import { Easel } from './drawn.ts';
import { plotsOf } from './plots.ts';

/** What nodes of a run made that can be seen. Plots of several tables are among it where all of these are the nodes'. */
export function seenOf(
  artifacts: Artifacts,
  record: RunRecord,
  names: readonly string[],
): Pick<ReportRun, 'plots' | 'confusions' | 'drawn' | 'undrawn'> & { readonly plotted: readonly string[] } {
  const nodes = Object.fromEntries(Object.entries(record.nodes).filter(([name]) => names.includes(name)));
  const own = new Set(Object.entries(nodes).map(([name, { recipe }]) => recipe?.node ?? name));
  const plots = (record.plots ?? []).filter(({ y }) => y.every(([file]) => own.has(file.slice(0, file.indexOf('.')))));
  const drawn = plotsOf(artifacts, { nodes, plots });
  const isPlotted = (from: string): boolean => drawn.drawn.has(from);
  const seen = new Easel().draw(artifacts, { ...record, nodes }, { isShown: () => false, isPlotted });
  const told = Object.entries(nodes).flatMap(([name, node]) => confusionsOf(artifacts, name, node));
  return {
    plots: drawn.plots,
    plotted: [...drawn.drawn],
    confusions: [...told, ...drawn.confusions.map(({ confusion }) => confusion)],
    drawn: seen.drawn,
    undrawn: [...drawn.undrawn, ...seen.undrawn],
  };
}

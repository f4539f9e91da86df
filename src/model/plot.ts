/** How a table is drawn: `lines` and `points` over numbers, `bars` over names, `confusion`: how often one column was taken for the other. */
export const PLOT_MARKS = ['lines', 'points', 'bars', 'confusion'] as const;

/** What lies across a plot, how it is drawn and what it is called. */
interface PlotLook {
  /** The column across; undefined: the one that counts (`step`, `epoch`), else the number of the row. */
  readonly x?: string;
  readonly as?: (typeof PLOT_MARKS)[number];
  /** What stands along the axes; undefined: the names of the columns. */
  readonly xLabel?: string;
  readonly yLabel?: string;
}

/** How an output is drawn that is a table, or the tables of one that is a folder. Nothing of it is hashed. */
export interface OutputPlot extends PlotLook {
  /** The columns upward; undefined: the last one. */
  readonly y?: readonly string[];
  readonly title?: string;
}

/** A plot of several tables. */
export interface JoinedPlot extends PlotLook {
  readonly name: string;
  /** Of each file, `node.port` or `node.port/path`, the columns upward. */
  readonly y: readonly (readonly [file: string, columns: readonly string[]])[];
}

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

/** Points of a plot that belong together; the name is empty where there is one series alone. */
export interface PlotSeries<X> {
  readonly name: string;
  readonly points: readonly (readonly [x: X, y: number])[];
  /** All points that there are, where these are some of them. */
  readonly count?: number;
}

/** A plot as it is drawn. */
export type Plot = {
  /** `node.port` without the point of a matrix, with the path of a file in a folder, or the name of a plot of several. */
  readonly of: string;
  /** Which instance it is of; empty where the node has one alone, and of plots of several. */
  readonly instance: string;
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
} & (
  | { readonly as: 'lines' | 'points'; readonly series: readonly PlotSeries<number>[] }
  | { readonly as: 'bars'; readonly series: readonly PlotSeries<string>[] }
  /** A value for each pair of names: a row for each of `rows`. */
  | {
      readonly as: 'grid';
      readonly columns: readonly string[];
      readonly rows: readonly string[];
      readonly values: readonly (readonly (number | null)[])[];
    }
);

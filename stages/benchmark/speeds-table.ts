import type { Speeds } from './speeds.ts';
import type { Spread } from './speed.ts';

/** What ran a model, and how: it stands beside every figure. */
export interface Engine {
  readonly name: string;
  readonly version: string;
  readonly precision: string;
  readonly threads: number;
  readonly overlapped_threads: number;
}

const figures = ({ median, lowest, highest }: Spread): string[] => [median, lowest, highest].map((value) => value.toFixed(2));

/** Names of runtimes and versions need no quotes, and there are no other texts, so the lines are plain. */
const lines = (rows: readonly (readonly (string | number)[])[]): string => rows.map((row) => `${row.join(',')}\r\n`).join('');

/** The speeds as CSV: a row for each batch and each way, with the runtime and its precision. */
export function speedsCsv({ name, version, precision, threads, overlapped_threads }: Engine, { batches }: Speeds, views: number): string {
  const spread = (figure: string): string[] => [figure, `${figure}_lowest`, `${figure}_highest`];
  const engine = [name, version, precision];
  return lines([
    ['runtime', 'version', 'precision', 'threads', 'views', 'batch', 'way', ...spread('images_per_second')],
    ...batches.flatMap(({ batch, fps, overlapped_fps, model_fps }) => [
      [...engine, threads, views, batch, 'file to label', ...figures(fps)],
      [...engine, overlapped_threads, views, batch, 'file to label with decoding overlapped', ...figures(overlapped_fps)],
      [...engine, threads, views, batch, 'model only', ...figures(model_fps)],
    ]),
  ]);
}

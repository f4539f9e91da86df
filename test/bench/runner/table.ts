import { intervalOf, medianOf } from '../measuring/statistics.ts';
import type { Taken } from '../measuring/timer.ts';

/** What was measured of a contender in the rounds of a row. */
export interface Measured {
  readonly row: string;
  readonly wanted: string;
  /** The version of the Node that ran Stillroom. */
  readonly node: string;
  readonly contender: string;
  readonly rounds: readonly Taken[];
}

const median = ({ rounds }: Measured, of: 'milliseconds' | 'processor' | 'mebibytes'): number => medianOf(rounds.map((one) => one[of]));

function time(milliseconds: number): string {
  return milliseconds < 1000 ? `${milliseconds.toFixed(0)} ms` : `${(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 2 : 1)} s`;
}

/** A line of text: the median with its 95 % interval, the processor's time, the peak of memory, and the ratio to Stillroom's median. */
export function line(measured: Measured, own: Measured): string {
  const [low, high] = intervalOf(measured.rounds.map(({ milliseconds }) => milliseconds));
  const figures = [
    time(median(measured, 'milliseconds')).padStart(8),
    `[${time(low)}, ${time(high)}]`.padEnd(20),
    `${time(median(measured, 'processor'))} of processor`.padEnd(22),
    `${median(measured, 'mebibytes').toFixed(0)} MiB`.padStart(8),
  ];
  const ratio = median(own, 'milliseconds') / median(measured, 'milliseconds');
  const beside = measured === own ? `wanted ${own.wanted}` : `Stillroom takes ${ratio.toFixed(2)} × that`;
  return `  ${measured.contender.padEnd(34)} ${figures.join(' ')}  ${beside}`;
}

/** All rows as a table of Markdown: a column for each Node, then what it may take, then all others. */
export function markdown(all: readonly Measured[]): string {
  const nodes = [...new Set(all.map(({ node }) => node))];
  const lines = [...new Set(all.map(({ row }) => row))].map((row) => {
    const of = all.filter((one) => one.row === row);
    const own = nodes.map((node) => {
      const found = of.find((one) => one.node === node && one.contender === 'stillroom');
      return found === undefined ? '' : `${time(median(found, 'milliseconds'))}, ${median(found, 'mebibytes').toFixed(0)} MiB`;
    });
    const beside = of.filter((one) => one.node === nodes[0] && one.contender !== 'stillroom');
    const others = beside.map((one) => `${one.contender} ${time(median(one, 'milliseconds'))}`).join(', ');
    return `| ${[row, ...own, of[0]?.wanted ?? '', others].join(' | ')} |`;
  });
  const head = ['work', ...nodes.map((node) => `Stillroom, Node ${node}`), 'wanted', 'beside it'];
  return [`| ${head.join(' | ')} |`, `|${head.map(() => '---|').join('')}`, ...lines].join('\n');
}

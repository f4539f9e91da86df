import type { Influence } from '../statistics.ts';
import { cut, label, picture, shape } from './svg.ts';

const ROW = 26;
const LEFT = 200;
const BAR = 300;

/** Bars: the share of an objective's variance that each param explains by itself. */
export function importancePlot(found: readonly Influence[], objective: string): string {
  const height = 64 + ROW * found.length + 24;
  const shapes = found.flatMap(({ name, share }, index) => {
    const y = 64 + ROW * index;
    return [
      label(LEFT - 10, y + 13, cut(name, 28), { 'text-anchor': 'end' }),
      shape('rect', { x: LEFT, y, width: Math.max(1, BAR * share), height: ROW - 8, fill: '#3b528b' }),
      label(LEFT + Math.max(1, BAR * share) + 6, y + 13, `${Math.round(100 * share)} %`),
    ];
  });
  return picture(LEFT + BAR + 60, height, `What ${objective} depends on`, [
    label(16, 26, `What ${cut(objective, 50)} depends on`, { 'font-size': 15, 'font-weight': 600 }),
    label(16, 46, 'share of its variance that each param explains by itself', { fill: '#666' }),
    shape('line', { x1: LEFT, y1: 58, x2: LEFT, y2: height - 20, stroke: '#999' }),
    ...shapes,
  ]);
}

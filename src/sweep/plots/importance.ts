import type { Influence } from '../statistics.ts';
import { cut, element, line, picture, text } from '../../text/svg.ts';

const ROW = 26;
const LEFT = 200;
const BAR = 300;

/** Bars: the share of an objective's variance that each param explains by itself. */
export function importancePlot(found: readonly Influence[], objective: string): string {
  const height = 64 + ROW * found.length + 24;
  const shapes = found.flatMap(({ name, share }, index) => {
    const y = 64 + ROW * index;
    return [
      text(LEFT - 10, y + 13, cut(name, 28), { 'text-anchor': 'end' }),
      element('rect', { x: LEFT, y, width: Math.max(1, BAR * share), height: ROW - 8, fill: '#3b528b' }),
      text(LEFT + Math.max(1, BAR * share) + 6, y + 13, `${Math.round(100 * share)} %`),
    ];
  });
  return picture({ width: LEFT + BAR + 60, height }, `What ${objective} depends on`, [
    text(16, 26, `What ${cut(objective, 50)} depends on`, { 'font-size': 15, 'font-weight': 600 }),
    text(16, 46, 'share of its variance that each param explains by itself', { fill: '#666' }),
    line([LEFT, 58], [LEFT, height - 20], { stroke: '#999' }),
    ...shapes,
  ]);
}

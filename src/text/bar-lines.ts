import { figure } from './figures.ts';
import { accent, type Line } from './styled.ts';
import { cutToWidth, widthOf } from './width.ts';

/** Columns of a name, and of the longest bar. */
const MOST = { name: 24, bar: 40 };

/** Blocks of an eighth of a column, and two, … */
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** Values by name as bars of characters; that of a negative one has no length. */
export function barLines(values: readonly (readonly [name: string, value: number])[], width: number | undefined): readonly Line[] {
  const names = values.map(([name]) => (widthOf(name) > MOST.name ? `${cutToWidth(name, MOST.name - 1)}…` : name));
  const numbers = values.map(([, value]) => figure(value));
  const [wide, digits] = [Math.max(0, ...names.map(widthOf)), Math.max(0, ...numbers.map(({ length }) => length))];
  const room = Math.max(4, Math.min(MOST.bar, (width ?? 80) - wide - digits - 4));
  const most = Math.max(...values.map(([, value]) => value), Number.MIN_VALUE);
  return values.map(([, value], index) => {
    const eighths = Math.max(0, Math.round((value / most) * room * 8));
    const bar = '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '');
    const name = names[index] ?? '';
    return [
      `${name}${' '.repeat(wide - widthOf(name))}  ${(numbers[index] ?? '').padStart(digits)}`,
      ...(bar === '' ? [] : ['  ', accent(bar)]),
    ];
  });
}

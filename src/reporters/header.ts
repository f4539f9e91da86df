import { bad, type Line, strong } from '../text/styled.ts';
import { widthOf } from '../text/width.ts';

/** A part of a header: the lower its rank, the longer it stays where there is little room. */
interface Part {
  readonly text: string;
  readonly rank: number;
  readonly isBad?: boolean;
}

/** The rank of the name before the parts. */
const NAME_RANK = 3;

/** A name and how far it has come, `demo  12 of 30 · 2 running · about 4 min left`: of what does not fit the least important is left out. */
export function fittingHeader(name: string, parts: readonly Part[], columns: number): Line {
  let most = Math.max(NAME_RANK, ...parts.map(({ rank }) => rank));
  const shown = (): readonly Part[] => parts.filter(({ rank }) => rank <= most);
  const lead = (): string => (most >= NAME_RANK && name !== '' ? `${name}  ` : '');
  const width = (): number =>
    widthOf(lead()) +
    shown()
      .map(({ text }) => widthOf(text))
      .reduce((sum, one) => sum + one + 3, -3);
  while (most > 0 && width() > columns) most -= 1;
  return [
    strong(lead()),
    ...shown().flatMap(({ text, isBad }, index): Line[] => [index === 0 ? '' : ' · ', isBad === true ? bad(text) : text]),
  ];
}

import { type ProblemCode, problemCodes } from '../model/problem-codes.ts';
import { suggestion } from '../text/suggestion.ts';
import { strong } from '../text/styled.ts';
import { textTable } from '../text/table.ts';
import { TEXT_WIDTH, wrap } from '../text/wrap.ts';
import { answer, refusal } from './answer.ts';
import { verb } from './verb.ts';

/** `stillroom explain`: what a problem's code means and what to do about it; without a code, all of them. */
export default verb({
  name: 'explain',
  arguments: ['[code]'],
  about: 'say what a problem’s code means and what to do, or list all codes',
  example: 'stillroom explain missing-source',
  options: {},
  async run({ code }) {
    const all = Object.entries(problemCodes)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { means, remedy }]) => ({ code: name as ProblemCode, means, remedy }));
    if (code === undefined) {
      const longest = Math.max(...all.map((one) => one.code.length));
      const rows = all.flatMap((one) =>
        wrap(one.means, TEXT_WIDTH - longest - 2).map((line, index) => [index === 0 ? one.code : '', line]),
      );
      return answer({ codes: all }, textTable(rows));
    }
    const found = all.find((one) => one.code === code);
    if (found === undefined) {
      const hint = suggestion(code, Object.keys(problemCodes));
      return refusal([{ kind: 'usage', code: 'unknown-code', message: `no problem has the code "${code}"`, hint }]);
    }
    const lines = [found.means, `What to do: ${found.remedy}`].flatMap((text) => wrap(text, TEXT_WIDTH - 2));
    return answer({ codes: [found] }, [strong(found.code), ...lines.map((line) => `  ${line}`)]);
  },
});

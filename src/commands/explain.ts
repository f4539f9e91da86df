import { type ProblemCode, problemCodes } from '../model/problem-codes.ts';
import { suggestion } from '../text/suggestion.ts';
import { EXIT, fail, printJson } from './problems.ts';

/** `stillroom explain`: what a problem's code means and what to do about it; without a code, all of them. */
export function explainCommand(code: string | undefined, options: { readonly json?: boolean }): number {
  const json = options.json === true;
  const all = Object.entries(problemCodes).map(([name, { means, remedy }]) => ({ code: name as ProblemCode, means, remedy }));
  const chosen = code === undefined ? all : all.filter((one) => one.code === code);
  if (chosen.length === 0) {
    const hint = suggestion(code ?? '', Object.keys(problemCodes));
    return fail([{ kind: 'usage', code: 'unknown-code', message: `no problem has the code "${code}"`, hint }], json);
  }
  if (json) printJson({ codes: chosen });
  else {
    const width = code === undefined ? Math.max(...all.map((one) => one.code.length)) : 0;
    for (const one of chosen)
      process.stdout.write(
        code === undefined ? `${one.code.padEnd(width)}  ${one.means}\n` : `${one.code}\n  ${one.means}\n  What to do: ${one.remedy}\n`,
      );
  }
  return EXIT.done;
}

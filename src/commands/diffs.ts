import { accent, bad, dim, good, type Line, strong } from '../text/styled.ts';
import { wrapBelow } from '../text/wrapped.ts';
import { unifiedDiff } from '../text/unified-diff.ts';

/** A text in two versions. */
export interface TwoTexts {
  readonly name: string;
  readonly before: string;
  readonly after: string;
  /** The line of the file at which they begin; default: the first. */
  readonly line?: number;
}

/** Lines of a diff that are shown where not all are asked for. */
const SHOWN = 40;

function styled(line: string): Line {
  if (line.startsWith('--- ') || line.startsWith('+++ ')) return strong(line);
  if (line.startsWith('@@')) return accent(line);
  if (line.startsWith('-')) return bad(line);
  return line.startsWith('+') ? good(line) : line;
}

/** Two texts as a unified diff; of a long one the beginning, unless `all` is wanted. */
export function diffLines(
  { name, before, after, line }: TwoTexts,
  { all, width }: { readonly all: boolean; readonly width: number | undefined },
  margin = '',
): readonly Line[] {
  const lines = unifiedDiff(name, before, after, line).map(styled);
  const isCut = !all && lines.length > SHOWN + 1;
  const shown = isCut ? [...lines.slice(0, SHOWN), dim(`… and ${lines.length - SHOWN} lines more: --all`)] : lines;
  return shown.flatMap((one) => wrapBelow([margin, one], width, margin.length + 4));
}

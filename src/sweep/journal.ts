import type { JsonObject } from '../model/json.ts';
import type { GrowingLines } from '../model/workplace.ts';
import type { StartedTrial, TrialEnd, TrialRequest } from './study.ts';

/** The shape of the lines; part of a sweep's id, so that a journal of another shape is never written over. */
export const JOURNAL_FORMAT = 2;

/** The first line of a journal: what the sweep was asked. */
interface Header {
  readonly type: 'sweep';
  readonly format: number;
  /** Trials at once when it began: proposals depend on it. */
  readonly window: number;
  readonly asked: JsonObject;
}

type Line =
  | Header
  | { readonly type: 'start'; readonly request: TrialRequest }
  | ({ readonly type: 'end'; readonly trial: number; readonly rung: number } & TrialEnd);

/**
 * What a sweep has started and finished, a line each. What has ended is durable before anything builds on it; a start that a power cut
 * loses is proposed again alike.
 */
export class Journal {
  readonly window: number;
  readonly known: readonly StartedTrial[];
  private readonly lines: GrowingLines;

  private constructor(lines: GrowingLines, window: number, known: readonly StartedTrial[]) {
    this.lines = lines;
    this.window = window;
    this.known = known;
  }

  /** Goes on with a journal, or begins it. */
  static open(lines: GrowingLines, window: number, asked: JsonObject): Journal {
    const written = lines.read() as readonly Line[];
    const [header] = written;
    if (header?.type === 'sweep' && header.format === JOURNAL_FORMAT) return new Journal(lines, header.window, startedIn(written));
    const first: Header = { type: 'sweep', format: JOURNAL_FORMAT, window, asked };
    lines.begin(first);
    return new Journal(lines, window, []);
  }

  started(request: TrialRequest): void {
    this.append({ type: 'start', request }, false);
  }

  ended({ trial, rung }: TrialRequest, end: TrialEnd): void {
    this.append({ type: 'end', trial, rung, ...end }, true);
  }

  private append(line: Line, durably: boolean): void {
    this.lines.append(line, durably);
  }
}

/** A later end of the same request stands in place of an earlier one. */
function startedIn(lines: readonly Line[]): StartedTrial[] {
  const started = new Map<string, StartedTrial>();
  for (const line of lines) {
    if (line.type === 'start') started.set(`${line.request.trial}/${line.request.rung}`, { request: line.request, end: undefined });
    if (line.type !== 'end') continue;
    const { type: _type, trial, rung, ...end } = line;
    const known = started.get(`${trial}/${rung}`);
    if (known !== undefined) started.set(`${trial}/${rung}`, { request: known.request, end });
  }
  return [...started.values()];
}

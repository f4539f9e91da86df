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
  /** When it was first asked for (ISO 8601, UTC); a former Stillroom did not say. */
  readonly started?: string;
}

type Line =
  | Header
  /** It was asked for again, perhaps to go further. */
  | { readonly type: 'opened'; readonly time: string; readonly asked: JsonObject }
  | { readonly type: 'closed'; readonly time: string; readonly state: 'done' | 'stopped' }
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
    const time = new Date().toISOString();
    if (header?.type === 'sweep' && header.format === JOURNAL_FORMAT) {
      lines.append({ type: 'opened', time, asked } satisfies Line);
      return new Journal(lines, header.window, startedIn(written));
    }
    const first: Header = { type: 'sweep', format: JOURNAL_FORMAT, window, asked, started: time };
    lines.begin(first);
    return new Journal(lines, window, []);
  }

  started(request: TrialRequest): void {
    this.lines.append({ type: 'start', request } satisfies Line);
  }

  /** Ends when it is durable. */
  ended({ trial, rung }: TrialRequest, end: TrialEnd): Promise<void> {
    return this.lines.appendDurably({ type: 'end', trial, rung, ...end } satisfies Line);
  }

  /** Says how it ended, for now. */
  closed(state: 'done' | 'stopped'): void {
    this.lines.append({ type: 'closed', time: new Date().toISOString(), state } satisfies Line);
  }
}

/** What a journal says that its sweep was asked last, and what it has started; undefined where it is none of this format. */
export function readJournal(
  written: readonly unknown[],
): { readonly asked: JsonObject; readonly window: number; readonly started: readonly StartedTrial[] } | undefined {
  const lines = written as readonly Line[];
  const [header] = lines;
  if (header?.type !== 'sweep' || header.format !== JOURNAL_FORMAT) return undefined;
  const { asked } = lines.findLast((line) => line.type === 'opened') ?? header;
  return { asked, window: header.window, started: startedIn(lines) };
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

import type { Event } from '../model/event.ts';
import type { Reporter } from '../model/reporter.ts';
import { printable } from '../text/printable.ts';
import { ansiText, type Line, plainText } from '../text/styled.ts';
import { EventLines } from './event-lines.ts';
import type { Screen } from './painter.ts';
import { pastLines } from './past.ts';

/** Writes one line for each thing that happens, as logs and CI want it. */
export class LinesReporter implements Reporter {
  private readonly out: Pick<Screen, 'write'>;
  private readonly lines: EventLines;
  private readonly inColour: boolean;

  /** `verbose`: with all that nodes print. */
  constructor(out: Pick<Screen, 'write'>, verbose: boolean, inColour = false) {
    this.out = out;
    this.lines = new EventLines(verbose);
    this.inColour = inColour;
  }

  report(event: Event): void {
    this.write(this.lines.of(event));
  }

  catchUp(past: readonly Event[]): void {
    this.write(pastLines(past, this.lines, true));
  }

  private write(lines: readonly Line[]): void {
    for (const line of lines) this.out.write(`${this.inColour ? ansiText(line) : printable(plainText(line))}\n`);
  }

  async close(): Promise<void> {}
}

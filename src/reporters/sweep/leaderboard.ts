import { monotonic } from '../../model/clock.ts';
import type { Event } from '../../model/event.ts';
import type { Standing, SweepEvent, SweepWatcher } from '../../model/sweep-event.ts';
import type { SweepSpec, Trial } from '../../model/sweep.ts';
import { withoutColours } from '../../text/printable.ts';
import type { Line } from '../../text/styled.ts';
import { Countdown } from '../countdown.ts';
import { fittingHeader } from '../header.ts';
import { Painter, type Screen } from '../painter.ts';
import { endLine, isWorthALine, progressOf, startLine } from './lines.ts';
import { sweepLines } from './ranked.ts';
import { TrialsLeft } from './trials-left.ts';

/** Rows of the leaderboard, and of what runs. */
const ROWS = 10;
/** Milliseconds: often enough to be lively. */
const PAUSE = 200;

/** Draws on a terminal which trials lead and what runs. What failed and what is to be noted stays above it. */
export class Leaderboard implements SweepWatcher {
  private readonly painter: Painter;
  private readonly pause: number;
  private readonly left = new TrialsLeft();
  private readonly countdown = new Countdown((now) => this.left.at(now));
  private readonly trials = new Map<number, Trial>();
  private readonly doing = new Map<number, string>();
  private spec: SweepSpec | undefined;
  private count: number | undefined;
  private standing: Standing = { ranking: [], best: undefined };
  private above: Line[] = [];
  private drawnAt = 0;
  private isQuiet = false;

  /** `pause`: milliseconds between two drawings that only progress asks for. */
  constructor(screen: Screen, { pause = PAUSE, inColour = false }: { readonly pause?: number; readonly inColour?: boolean } = {}) {
    this.painter = new Painter(screen, inColour);
    this.pause = pause;
  }

  report(event: SweepEvent): void {
    this.left.report(event);
    if (event.type === 'trial-started' || event.type === 'trial-ended') this.countdown.age();
    if (event.type === 'trial-progress') return this.progress(event.trial, event.event);
    if ('ranking' in event) this.standing = event;
    if (event.type === 'notice') this.line(`! ${event.message}`);
    else if (event.type === 'sweep-started') {
      this.spec = event.spec;
      this.count = event.count;
      for (const trial of event.trials) this.trials.set(trial.trial, trial);
      this.line(startLine(event));
    } else if (event.type === 'sweep-ended') return this.close();
    else this.change(event);
    return this.draw();
  }

  catchUp(past: readonly SweepEvent[]): void {
    this.isQuiet = true;
    for (const event of past) this.report(event);
    this.isQuiet = false;
    this.draw();
  }

  close(): void {
    this.painter.draw([], this.above);
    this.above = [];
  }

  private change(event: SweepEvent & { readonly type: 'trial-started' | 'trial-ended' }): void {
    const { trial } = event;
    this.trials.set(trial.trial, trial);
    if (event.type === 'trial-started') return void this.doing.set(trial.trial, '');
    this.doing.delete(trial.trial);
    if (trial.state === 'failed' && this.spec !== undefined) this.line(endLine(event, this.spec, progressOf(this.ended(), this.count)));
    return undefined;
  }

  private progress(trial: number, event: Event): void {
    if (event.type === 'node-started') this.doing.set(trial, event.node);
    else if (event.type === 'node-progress')
      this.doing.set(trial, [event.node, shareOf(event), ...(event.note === undefined ? [] : [event.note])].join('  '));
    else if (event.type === 'node-log') {
      const line = withoutColours(event.line).trim();
      if (line !== '') this.doing.set(trial, `${event.node}  ${line}`);
    } else if (event.type === 'node-waiting') this.doing.set(trial, `${event.node} ${event.message}`);
    else if (event.type === 'notice' && isWorthALine(event)) {
      this.line(`! trial ${trial}: ${event.node}: ${event.message}`);
      return this.draw();
    } else return undefined;
    return monotonic() - this.drawnAt < this.pause ? undefined : this.draw();
  }

  private ended(): number {
    return [...this.trials.values()].filter(({ state }) => state !== 'unfinished').length;
  }

  private draw(): void {
    if (this.spec === undefined || this.isQuiet) return;
    const all = [...this.trials.values()];
    const { ranking, best } = this.standing;
    const trials = all.filter(({ state }) => state !== 'unfinished');
    const { columns, rows: height } = this.painter.room;
    const table = { spec: this.spec, trials, ranking, best: best === undefined ? undefined : this.trials.get(best) };
    const running = [...this.doing].slice(0, ROWS).map(([trial, what]) => `▸ trial ${trial}  ${what}`.trimEnd());
    const rows = Math.min(ROWS, Math.max(1, height - 4 - running.length));
    const leaders = trials.length === 0 ? [] : sweepLines(table, { width: columns, rows });
    const lines = [this.header(columns), ...leaders, ...running];
    this.painter.draw(lines, this.above);
    this.above = [];
    this.drawnAt = monotonic();
  }

  private header(columns: number): Line {
    const failed = [...this.trials.values()].filter(({ state }) => state === 'failed').length;
    const parts = [
      { text: `${this.ended()}${this.count === undefined ? '' : ` of ${this.count}`} trials`, rank: 0 },
      ...(this.doing.size > 0 ? [{ text: `${this.doing.size} running`, rank: 4 }] : []),
      ...(failed > 0 ? [{ text: `${failed} failed`, rank: 1, isBad: true }] : []),
      { text: this.countdown.at(Date.now()), rank: 2 },
    ];
    return fittingHeader('', parts, columns);
  }

  private line(text: string): void {
    this.above.push(text);
  }
}

function shareOf({ done, total }: { readonly done: number; readonly total: number }): string {
  return total > 0 ? `${Math.floor((100 * done) / total)} %` : String(done);
}

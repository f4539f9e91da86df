import type { Event } from '../model/event.ts';
import type { SweepSpec } from '../model/sweep.ts';
import { sweepLines } from '../sweep/table.ts';
import { bestTrial, ranking, type Trial } from '../sweep/trials.ts';
import { trialLine } from './sweep-output.ts';

/** Rows of the leaderboard, and of what runs. */
const ROWS = 10;
/** Milliseconds between two drawings that only progress asks for. */
const PAUSE = 200;

/** Shows on the standard error output how a sweep goes: a leaderboard on a terminal, else a line for each trial that ends. */
export class Leaderboard {
  private readonly spec: SweepSpec;
  private readonly count: number | undefined;
  private readonly live: boolean;
  private readonly doing = new Map<number, string>();
  private trials: readonly Trial[] = [];
  private drawn = 0;
  private drawnAt = 0;

  constructor(spec: SweepSpec, count: number | undefined, live: boolean) {
    this.spec = spec;
    this.count = count;
    this.live = live;
  }

  line(text: string): void {
    this.clear();
    process.stderr.write(`${text}\n`);
  }

  ended(trial: Trial, trials: readonly Trial[]): void {
    const ended = trials.filter(({ state }) => state !== 'unfinished').length;
    const best = bestTrial(trials, this.spec);
    const mark = trial.state === 'failed' ? '✖' : trial.state === 'halted' ? '·' : '✔';
    const lead = best === undefined || best.trial === trial.trial ? '' : `  (best: trial ${best.trial})`;
    const place = `${ended}${this.count === undefined ? '' : `/${this.count}`}`;
    if (!this.live || trial.state === 'failed') this.line(`${mark} ${place}  ${trialLine(trial, this.spec)}${lead}`);
    if (this.live) this.draw(trials);
  }

  /** Notes what a trial does, and shows it on a terminal. */
  watch(trial: number, event: Event): void {
    if (event.type === 'node-started') this.doing.set(trial, event.node);
    else if (event.type === 'node-progress')
      this.doing.set(trial, `${event.node}  ${percent(event)}${event.note === undefined ? '' : `  ${event.note}`}`);
    else return;
    if (performance.now() - this.drawnAt > PAUSE) this.draw(this.trials);
  }

  /** Draws the board anew in the place of the last. */
  draw(trials: readonly Trial[]): void {
    this.trials = trials;
    if (!this.live) return;
    const unfinished = trials.filter(({ state }) => state === 'unfinished');
    const running = unfinished.length;
    const leading = ranking(trials);
    const rows = [...leading, ...trials.filter((trial) => !leading.includes(trial) && trial.state !== 'unfinished')].slice(0, ROWS);
    const title = `${trials.length - running}${this.count === undefined ? '' : ` of ${this.count}`} trials ended, ${running} running`;
    const width = (process.stderr.columns ?? 80) - 1;
    const lines = [
      title,
      ...(rows.length === 0 ? [] : sweepLines({ spec: this.spec, trials: rows, best: bestTrial(trials, this.spec) }, width)),
    ];
    this.clear();
    process.stderr.write(`${lines.join('\n')}\n`);
    this.drawn = lines.length;
    this.drawnAt = performance.now();
  }

  /** Takes the board away. */
  clear(): void {
    if (this.drawn > 0) process.stderr.write(`\u001b[${this.drawn}A\u001b[0J`);
    this.drawn = 0;
  }
}

function percent({ done, total }: { readonly done: number; readonly total: number }): string {
  return total > 0 ? `${Math.floor((100 * done) / total)} %` : String(done);
}

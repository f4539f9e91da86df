import { Writable } from 'node:stream';
import type { Event } from '../../model/event.ts';
import type { SweepEvent, SweepWatcher } from '../../model/sweep-event.ts';
import type { SweepSpec, Trial } from '../../model/sweep.ts';
import { printable } from '../../text/printable.ts';
import { LinesReporter } from '../lines.ts';
import { trialLine } from './table.ts';

const MARKS: Readonly<Record<Trial['state'], string>> = { done: '✔', halted: '·', failed: '✖', unfinished: '-' };

/** Writes one line for each trial that ends, as logs and CI want it; with `verbose` all that the trials' runs tell. */
export class SweepLines implements SweepWatcher {
  private readonly out: Writable;
  private readonly verbose: boolean;
  private readonly runs = new Map<number, LinesReporter>();
  private readonly ended = new Set<number>();
  private spec: SweepSpec | undefined;
  private count: number | undefined;

  constructor(out: Writable, verbose: boolean) {
    this.out = out;
    this.verbose = verbose;
  }

  report(event: SweepEvent): void {
    if (event.type === 'sweep-started') {
      this.spec = event.spec;
      this.count = event.count;
      for (const { trial, state } of event.trials) if (state !== 'unfinished') this.ended.add(trial);
      this.line(startLine(event));
    } else if (event.type === 'trial-started') this.ended.delete(event.trial.trial);
    else if (event.type === 'trial-ended') {
      this.ended.add(event.trial.trial);
      if (this.spec !== undefined) this.line(endLine(event, this.spec, progressOf(this.ended.size, this.count)));
    } else if (event.type === 'notice') this.line(`! ${event.message}`);
    else if (event.type === 'trial-progress' && (this.verbose || isWorthALine(event.event)))
      this.reporterOf(event.trial).report(event.event);
  }

  catchUp(past: readonly SweepEvent[]): void {
    let [failed, best]: [number, number | undefined] = [0, undefined];
    for (const event of past) {
      if (event.type === 'sweep-started') this.report(event);
      if (event.type === 'trial-started') this.ended.delete(event.trial.trial);
      if ('ranking' in event) best = event.best;
      if (event.type !== 'trial-ended') continue;
      this.ended.add(event.trial.trial);
      if (event.trial.state === 'failed') failed += 1;
    }
    if (past.length === 0) return;
    const told = [...(failed === 0 ? [] : [`${failed} failed`]), ...(best === undefined ? [] : [`best: trial ${best}`])];
    this.line(`  so far ${progressOf(this.ended.size, this.count)}${told.map((one) => `, ${one}`).join('')}`);
  }

  private line(text: string): void {
    this.out.write(`${printable(text)}\n`);
  }

  private reporterOf(trial: number): LinesReporter {
    const known = this.runs.get(trial) ?? new LinesReporter(prefixed(this.out, `trial ${trial} | `), true);
    this.runs.set(trial, known);
    return known;
  }
}

/** Whether what a trial's run tells is told without being asked for: that it waits for others, and what is wrong with a node's numbers. */
export function isWorthALine(event: Event): boolean {
  return event.type === 'node-waiting' || (event.type === 'notice' && event.level === 'warning' && event.node !== undefined);
}

/** How far a sweep is: `3/12`, or `3` where nobody knows how many there will be. */
export function progressOf(ended: number, count: number | undefined): string {
  return `${ended}${count === undefined ? '' : `/${count}`}`;
}

/** What the beginning of a sweep says. */
export function startLine({ sweep, spec, count, trials }: SweepEvent & { readonly type: 'sweep-started' }): string {
  const kept = trials.filter(({ state }) => state !== 'unfinished').length;
  const resumed = kept > 0 ? `; goes on: ${kept} finished ones are kept` : '';
  return `sweep ${sweep}: ${count ?? 'any number of'} trials by ${spec.strategy}${resumed}`;
}

/** What the end of a trial says, and which is the best if it is another. */
export function endLine({ trial, best }: SweepEvent & { readonly type: 'trial-ended' }, spec: SweepSpec, progress: string): string {
  const lead = best === undefined || best === trial.trial ? '' : `  (best: trial ${best})`;
  return `${MARKS[trial.state]} ${progress}  ${trialLine(trial, spec)}${lead}`;
}

/** A stream whose lines begin with a word on another. */
function prefixed(out: Writable, prefix: string): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, callback) {
      out.write(chunk.toString().replaceAll(/^(?=.)/gm, prefix));
      callback();
    },
  });
}

import { Listr, type ListrRenderer, Spinner } from 'listr2';
import type { Event } from '../../model/event.ts';
import type { Reporter } from '../../model/reporter.ts';
import { counted } from '../../text/amounts.ts';
import { TimeLeft } from '../../model/time-left/time-left.ts';
import { good, type Line } from '../../text/styled.ts';
import { Countdown } from '../countdown.ts';
import { EventLines } from '../event-lines.ts';
import { Painter, type Screen } from '../painter.ts';
import { pastLines } from '../past.ts';
import { frameOf } from './frame.ts';
import { Picture } from './picture.ts';

/** Of larger pipelines only nodes that did not come out are named when they end. */
const MOST_NAMED = 60;

/** Milliseconds of a run in which nobody asks yet when it will end; what is needed first is that its nodes begin. */
const BRIEF = 500;

/** What is told of a run's nodes as it happens and stays on the terminal; the rest is in the drawing alone. */
const LASTING: ReadonlySet<Event['type']> = new Set(['run-started', 'nodes-reused', 'notice']);

/**
 * Shows a run on a terminal: lines of what happened, which stay, and below them a drawing of how far it has come. listr2 holds the drawing for
 * as long as the run lasts, and turns it; it is given a renderer, since its own redraws whole trees.
 */
export class LiveReporter implements Reporter {
  private readonly painter: Painter;
  private readonly lines = new EventLines(false);
  private readonly picture = new Picture();
  private readonly timeLeft = new TimeLeft();
  private readonly countdown = new Countdown((now) => this.timeLeft.at(now));
  private readonly spinner = new Spinner();
  private above: Line[] = [];
  /** When the run began, in milliseconds since 1970. */
  private begun = 0;
  private executed = 0;
  private unnamed = 0;
  private end: () => void = () => undefined;
  private drawing: Promise<unknown> = Promise.resolve();

  constructor(screen: Screen, inColour = false) {
    this.painter = new Painter(screen, inColour);
  }

  report(event: Event): void {
    this.picture.report(event);
    this.timeLeft.report(event);
    if (event.type === 'run-started') {
      this.begun = Date.parse(event.time);
      this.start();
    }
    if (event.type === 'node-started' || event.type === 'node-ended') this.countdown.age();
    if (LASTING.has(event.type)) this.tell(event);
    else if (event.type === 'node-ended') this.ended(event);
    else if (event.type === 'run-ended' && this.unnamed > 0) this.above.push([good('✔'), ` ${counted(this.unnamed, 'node')} executed`]);
    if (this.above.length > 0) this.draw();
  }

  catchUp(past: readonly Event[]): void {
    for (const event of past) {
      this.picture.report(event);
      this.timeLeft.report(event);
      if (event.type === 'run-started') this.begun = Date.parse(event.time);
    }
    this.above.push(...pastLines(past, this.lines, false));
    this.start();
    this.draw();
  }

  private tell(event: Event): void {
    this.above.push(...this.lines.of(event));
  }

  private ended(event: Event & { readonly type: 'node-ended' }): void {
    const { state } = event.outcome;
    if (state === 'executed') this.executed += 1;
    if (state === 'executed' && this.executed > MOST_NAMED) this.unnamed += 1;
    else this.tell(event);
  }

  private start(): void {
    const { spinner } = this;
    const draw = (): void => this.draw();
    /** Draws while there is something that listr2 waits for. */
    class Turning implements ListrRenderer {
      static readonly nonTTY = true;
      static readonly rendererOptions = {};
      static readonly rendererTaskOptions = {};
      render(): void {
        spinner.start(draw);
      }
      end(): void {
        spinner.stop();
      }
    }
    const lasting = new Promise<void>((resolve) => {
      this.end = resolve;
    });
    // listr2 would end the process at Ctrl-C by itself, before anything is stopped and recorded.
    const list = new Listr([{ task: () => lasting }], { renderer: Turning, registerSignalListeners: false });
    this.drawing = list.run();
  }

  private draw(): void {
    const { above } = this;
    this.above = [];
    const now = Date.now();
    const left = now - this.begun < BRIEF ? undefined : this.countdown.at(now);
    const moment = { now, spinner: this.spinner.fetch(), left };
    this.painter.draw(frameOf(this.picture, this.painter.room, moment), above);
  }

  async close(): Promise<void> {
    this.end();
    await this.drawing;
    this.painter.draw([], this.above);
    this.above = [];
  }
}

import { Listr, type ListrRenderer, Spinner } from 'listr2';
import type { Event } from '../../model/event.ts';
import type { Reporter } from '../../model/reporter.ts';
import { counted } from '../../text/amounts.ts';
import { LinesReporter } from '../lines.ts';
import { Painter, type Screen } from '../painter.ts';
import { frameOf } from './frame.ts';
import { Picture } from './picture.ts';

/** Of larger pipelines only nodes that did not come out are named when they end. */
const MOST_NAMED = 60;

/** What is told of a run's nodes as it happens and stays on the terminal; the rest is in the drawing alone. */
const LASTING: ReadonlySet<Event['type']> = new Set(['run-started', 'nodes-reused', 'notice']);

/**
 * Shows a run on a terminal: lines of what happened, which stay, and below them a drawing of how far it has come. listr2 holds the drawing for
 * as long as the run lasts, and turns it; it is given a renderer, since its own redraws whole trees.
 */
export class LiveReporter implements Reporter {
  private readonly painter: Painter;
  private readonly lines: LinesReporter;
  private readonly picture = new Picture();
  private readonly spinner = new Spinner();
  private above = '';
  private executed = 0;
  private unnamed = 0;
  private end: () => void = () => undefined;
  private drawing: Promise<unknown> = Promise.resolve();

  constructor(screen: Screen) {
    this.painter = new Painter(screen);
    const write = (text: string): boolean => {
      this.above += text;
      return true;
    };
    this.lines = new LinesReporter({ write }, false);
  }

  report(event: Event): void {
    this.picture.report(event);
    if (event.type === 'run-started') this.start();
    if (LASTING.has(event.type)) this.lines.report(event);
    else if (event.type === 'node-ended') this.ended(event);
    else if (event.type === 'run-ended' && this.unnamed > 0) this.above += `✔ ${counted(this.unnamed, 'node')} executed\n`;
    if (this.above !== '') this.draw();
  }

  private ended(event: Event & { readonly type: 'node-ended' }): void {
    const { state } = event.outcome;
    if (state === 'executed') this.executed += 1;
    if (state === 'executed' && this.executed > MOST_NAMED) this.unnamed += 1;
    else this.lines.report(event);
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
    this.above = '';
    const moment = { now: Date.now(), spinner: this.spinner.fetch() };
    this.painter.draw(frameOf(this.picture, this.painter.room, moment), above);
  }

  async close(): Promise<void> {
    this.end();
    await this.drawing;
    this.painter.draw([], this.above);
    this.above = '';
  }
}

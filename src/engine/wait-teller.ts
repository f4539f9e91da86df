import type { Emit } from '../model/event.ts';
import { MOMENT } from '../model/waiting.ts';
import { counted } from '../text/amounts.ts';

/** How many nodes of a run wait for slots, and how many run. */
interface Load {
  readonly waiting: number;
  readonly running: number;
}

/** Tells once that nodes wait for slots, if they do so for a moment. */
export class WaitTeller {
  private readonly emit: Emit;
  private readonly load: () => Load;
  private timer: NodeJS.Timeout | undefined;

  constructor(emit: Emit, load: () => Load) {
    this.emit = emit;
    this.load = load;
  }

  /** To be called at each step, with whether nodes wait. */
  note(waits: boolean): void {
    if (waits) {
      this.timer ??= setTimeout(() => this.tell(this.load()), MOMENT);
      return;
    }
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private tell({ waiting, running }: Load): void {
    const whom = running === 0 ? 'for other runs of this process' : `for free slots: ${running} ${running === 1 ? 'runs' : 'run'}`;
    const message = `${counted(waiting, 'node')} ${waiting === 1 ? 'waits' : 'wait'} ${whom}`;
    this.emit({ type: 'nodes-waiting', count: waiting, message });
  }
}

import { ask } from './commands.ts';
import type { Word } from './word.ts';

/** What sacct prints of a job: its name, its state and the nodes that it had. */
const ACCOUNTED = 'JobName%128,State,NodeList%256';

/** How a controller says that it has no job of a number. */
const FORGOTTEN = /Invalid job id/i;

/** How sacct says that there is no accounting. */
const DISABLED = /accounting storage is disabled/i;

/** What is known of a job: what is said of it now, the last that was said of one that Slurm has forgotten, or nothing. */
export type LastWord = Word | { readonly last: Word } | 'forgotten' | 'unknown';

/**
 * Asks for one job at a time, where squeue says nothing of it. The controller knows what squeue hides. A job that it has forgotten (it does so some
 * minutes after the end, and one that is killed may forget jobs that it has just taken, whose numbers it gives to others) accounting may know.
 */
export class LastWords {
  private readonly environment: Record<string, string>;
  /** There is no accounting, as far as is known. */
  private isUnaccounted = false;

  constructor(environment: Record<string, string>) {
    this.environment = environment;
  }

  /** What is said of a job of this number and name; `unknown`: nobody answered. */
  async ask(id: string, name: string): Promise<LastWord> {
    const answer = await ask(['scontrol', 'show', 'job', '-o', id], { environment: this.environment });
    if (answer.code !== 0) return FORGOTTEN.test(answer.said) ? this.accounted(id, name) : 'unknown';
    const line = answer.printed.split('\n').find((one) => one.includes(` JobName=${name} `));
    return line === undefined
      ? this.accounted(id, name)
      : { state: valueIn(line, 'JobState'), reason: valueIn(line, 'Reason'), nodes: valueIn(line, 'NodeList') };
  }

  private async accounted(id: string, name: string): Promise<LastWord> {
    if (this.isUnaccounted) return 'forgotten';
    const command = ['sacct', '-X', '-P', '-n', '-o', ACCOUNTED, '-j', id];
    const answer = await ask(command, { environment: this.environment });
    this.isUnaccounted = answer.code === 127 || DISABLED.test(answer.said);
    const line = answer.printed.split('\n').findLast((one) => one.startsWith(`${name}|`));
    if (line === undefined) return 'forgotten';
    const [, state = '', nodes = ''] = line.split('|');
    // CANCELLED by 1000: who did it.
    const [word = '', ...by] = state.split(' ');
    return { last: { state: word, reason: by.length > 0 ? by.join(' ') : 'None', nodes: nodes === 'None assigned' ? '' : nodes } };
  }
}

/** A value of a line of scontrol, in which those that have none are `(null)`. */
function valueIn(line: string, name: string): string {
  const value = new RegExp(` ${name}=(\\S*)`).exec(line)?.[1] ?? '';
  return value === '(null)' ? '' : value;
}

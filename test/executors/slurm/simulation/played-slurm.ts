import childProcess from 'node:child_process';
import { EventEmitter } from 'node:events';
import { syncBuiltinESMExports } from 'node:module';
import { PassThrough } from 'node:stream';
import { writeSealed } from '../../../../src/files/sealed.ts';
import { drawn } from './draws.ts';
import { type ClusterTraits, Machines, type Request } from './machines.ts';
import { playedScript } from './played-attempt.ts';
import type { SkippingClock } from './skipping-clock.ts';

/** How its commands behave: milliseconds until they answer, and the probability that the controller does not. */
const CONTROLLER = { answers: 40, silent: 0.005, silence: 10_000 };

/** Seconds for which squeue still knows what has ended, as by default (MinJobAge). */
const REMEMBERED = 300;

/** The number of the first job: they have eight digits on clusters of some age. */
const FIRST = 41_000_000;

/** The longest argument that Linux hands over. */
const LONGEST_ARGUMENT = 131_072;

/** A job, or a task of an array. */
interface Task {
  readonly id: number;
  readonly index: number | undefined;
  readonly request: Request;
  state: string;
  reason: string;
  machine: string;
}

/** What was submitted at once. */
interface Submission {
  readonly id: number;
  readonly name: string;
  readonly tasks: readonly Task[];
}

type Said = { readonly code: number; readonly printed?: string; readonly said?: string };

const isOver = ({ state }: Task): boolean => state !== 'PENDING' && state !== 'RUNNING';

/**
 * A Slurm that is played: sbatch, squeue and scancel answer as the real ones do, and its jobs write what real ones write into the folders of
 * their attempts, without a process each.
 */
export class PlayedSlurm {
  /** How often each command was asked. */
  readonly asked: Record<string, number> = {};
  /** The nodes that came to their end, once for each execution that did. */
  readonly done: string[] = [];
  executions = 0;
  /** Jobs and tasks of arrays that were submitted. */
  jobs = 0;
  /** The most of them that were in the queue at once. */
  most = 0;
  private readonly machines: Machines;
  private readonly clock: SkippingClock;
  private readonly traits: ClusterTraits;
  private readonly submissions = new Map<number, Submission>();
  private inQueue = 0;
  private calls = 0;

  constructor(clock: SkippingClock, traits: ClusterTraits) {
    this.clock = clock;
    this.traits = traits;
    this.machines = new Machines(clock, traits);
  }

  /** Answers for the commands of Slurm that this process starts; returns what ends that. */
  install(): () => void {
    const { spawn } = childProcess;
    childProcess.spawn = ((program: string, args: readonly string[]) => this.spawned(program, args)) as typeof spawn;
    syncBuiltinESMExports();
    return () => {
      childProcess.spawn = spawn;
      syncBuiltinESMExports();
    };
  }

  private spawned(program: string, args: readonly string[]): object {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const child = Object.assign(new EventEmitter(), {
      stdout,
      stderr,
      stdin: { on: () => undefined, end: (input: string) => run(input) },
      killed: false,
      // It has said all by then, and ends.
      kill: () => {
        child.killed = true;
      },
    });
    const run = (input: string): void => {
      if (args.some((one) => one.length >= LONGEST_ARGUMENT)) {
        child.emit('error', Object.assign(new Error(`spawn ${program} E2BIG`), { code: 'E2BIG' }));
        return;
      }
      this.calls += 1;
      const isSilent = drawn(this.traits.seed, 'call', this.calls) < CONTROLLER.silent;
      this.clock.after(isSilent ? CONTROLLER.silence : CONTROLLER.answers, () => {
        const error = `${program}: error: Unable to contact slurm controller (connect failure)`;
        const { code, printed = '', said = '' } = isSilent ? { code: 1, said: error } : this.answer(program, args, input);
        stdout.end(printed);
        stderr.end(said);
        child.emit('close', code);
      });
    };
    return child;
  }

  private answer(program: string, args: readonly string[], input: string): Said {
    const option = (name: string): string | undefined => args.find((one) => one.startsWith(`--${name}=`))?.slice(name.length + 3);
    const name = option('name');
    const kind = program === 'squeue' && name !== undefined ? 'squeue --name' : program;
    this.asked[kind] = (this.asked[kind] ?? 0) + 1;
    if (program === 'sbatch') return this.submit(option, input);
    if (program === 'scancel')
      return this.cancel(
        args.filter((one) => !one.startsWith('--')),
        option('state'),
      );
    // Of what squeue does not know any more the controller knows nothing either.
    if (program === 'scontrol') return { code: 1, said: 'slurm_load_jobs error: Invalid job id specified' };
    if (program !== 'squeue') return { code: 127, said: `${program} is not played` };
    const format = args[args.indexOf('-o') + 1] ?? '';
    const told = (found: readonly Submission[]): Said => ({ code: 0, printed: found.map((one) => inFormat(one, format)).join('') });
    if (name !== undefined) return told([...this.submissions.values()].filter((one) => one.name === name && !one.tasks.every(isOver)));
    const ids = (args[args.indexOf('-j') + 1] ?? '').split(',');
    const found = new Set(ids.flatMap((id) => this.submissions.get(Number.parseInt(id, 10)) ?? []));
    if (ids.length === 1 && found.size === 0) return { code: 1, said: 'slurm_load_jobs error: Invalid job id specified' };
    return told([...found]);
  }

  private submit(option: (name: string) => string | undefined, input: string): Said {
    const id = FIRST + this.jobs;
    const count = Number(option('array')?.split('-')[1] ?? 0) + 1;
    const script = playedScript(input);
    const [, probed] = /probe\.js'? '?([^' "]+)/.exec(input) ?? [];
    if (script === undefined) {
      if (probed !== undefined) writeSealed(`${probed}-${id}.json`, { platform: 'played', machine: {}, engines: {}, items: [] });
      this.jobs += 1;
      return { code: 0, printed: `${id}\n` };
    }
    const name = option('job-name') ?? '';
    const excluded = new Set(option('exclude')?.split(','));
    const tasks = Array.from({ length: count }, (_, index): Task => {
      const number = option('array') === undefined ? undefined : index;
      const by = `${number === undefined ? id : `${id}_${number}`} ${name}`;
      const doing = script();
      const request: Request = {
        excluded,
        begin: (machine) => {
          Object.assign(task, { state: 'RUNNING', reason: 'None', machine });
        },
        next: () => {
          const step = doing.next(by);
          if (step !== undefined && 'node' in step) this.executions += 1;
          return step;
        },
        end: (fate, seconds) => {
          const node = doing.end(fate, seconds);
          if (fate === 'done') this.done.push(node);
        },
        over: (fate) => this.over(task, { done: 'COMPLETED', failed: 'FAILED' }[fate as string] ?? fate),
      };
      const task: Task = { id: id + index, index: number, request, state: 'PENDING', reason: 'Priority', machine: '' };
      return task;
    });
    this.jobs += count;
    this.inQueue += count;
    this.most = Math.max(this.most, this.inQueue);
    this.submissions.set(id, { id, name, tasks });
    for (const { request } of tasks) this.machines.submit(request);
    return { code: 0, printed: `${id}\n` };
  }

  private cancel(ids: readonly string[], state: string | undefined): Said {
    for (const id of ids) {
      const [array = 0, index] = id.split('_').map(Number);
      for (const task of this.submissions.get(array)?.tasks ?? []) {
        if (isOver(task) || (index !== undefined && task.index !== index) || (state !== undefined && task.state !== state)) continue;
        task.request.isCancelled = true;
        this.over(task, 'CANCELLED');
      }
    }
    return { code: 0 };
  }

  private over(task: Task, state: string): void {
    task.state = state;
    this.inQueue -= 1;
    this.clock.after(1000 * REMEMBERED, () => {
      for (const [id, { tasks }] of this.submissions) {
        if (!tasks.includes(task)) continue;
        if (tasks.every(isOver)) this.submissions.delete(id);
        break;
      }
    });
  }
}

/** What squeue prints: a line for each task that runs or has ended, and one for all of an array that wait. */
function inFormat({ id, name, tasks }: Submission, format: string): string {
  const waiting = tasks.filter(({ state, index }) => state === 'PENDING' && index !== undefined);
  const line = (numbers: string | number, { id: own, state, reason, machine }: Task): string => {
    const fields: Readonly<Record<string, string | number>> = {
      i: id,
      F: id,
      A: own,
      K: numbers,
      j: name,
      T: state,
      r: reason,
      N: machine,
    };
    return `${format.replaceAll(/%(\w)/g, (_, field: string) => String(fields[field] ?? ''))}\n`;
  };
  const others = tasks.filter((one) => !waiting.includes(one)).map((one) => line(one.index ?? 'N/A', one));
  const [first] = waiting;
  return [...(first === undefined ? [] : [line(waiting.map(({ index }) => index).join(','), { ...first, id })]), ...others].join('');
}

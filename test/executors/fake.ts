import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Capacity, Executor, ExecutorFacts, Executors, Hold, Job, JobEvent, Need, Stop } from '../../src/model/executor.ts';
import type { Asker } from '../../src/model/waiting.ts';
import { type ExitRecord, JOB_FORMAT, type JobSpecification } from '../../src/model/job.ts';
import { done, failed, type Outcome } from '../../src/model/problem.ts';
import type { ProblemCode } from '../../src/model/problem-codes.ts';

/** What a script sees of its attempt, and can do. */
export interface FakeAttempt extends Pick<Job, 'specification' | 'secrets'> {
  /** How often a node of this name was tried before, by this executor. */
  readonly before: number;
  /** Aborted when it is asked to end. */
  readonly signal: AbortSignal;
  /** Prints a line. */
  log(line: string): void;
  progress(finished: number, total: number): void;
  metric(name: string, value: number, step?: number): void;
  /** Writes one of its outputs, a file. */
  write(port: string, text: string): void;
  /** Waits so many milliseconds; without, until it is killed. */
  wait(milliseconds?: number): Promise<void>;
}

/** How a script ends: with metrics, with a problem, or without a word. */
export type FakeEnd =
  | { readonly metrics?: Readonly<Record<string, number>> }
  | { readonly fails: string; readonly code?: ProblemCode }
  | 'lost';

/** Who waits in tests, for as long as the signal leaves it. */
export function asker(signal: AbortSignal = new AbortController().signal, onWait: Asker['onWait'] = () => undefined): Asker {
  return { who: { pid: process.pid, since: new Date().toISOString() }, signal, onWait };
}

/** What becomes of an attempt. A script that throws is a bug of the test. */
export type Script = (attempt: FakeAttempt) => Promise<FakeEnd> | FakeEnd;

/** What lives although its coordinator is gone. */
export type World = Map<string, Life>;

interface Life {
  readonly end: Promise<ExitRecord | undefined>;
  readonly events: JobEvent[];
  watcher: ((event: JobEvent) => void) | undefined;
  ask(reason: 'stop' | 'timeout'): void;
  kill(reason?: 'stop'): void;
}

export interface FakeOptions {
  readonly name?: string;
  readonly facts?: Partial<ExecutorFacts>;
  readonly capacity?: Partial<Capacity>;
  readonly devices?: readonly string[];
  /** Milliseconds between asking and killing. */
  readonly grace?: number;
  /** Attempts outlive their coordinator here, and the next one finds them; without, they end with it. */
  readonly world?: World;
}

/** An executor without processes, in memory: what becomes of each attempt is scripted. Its log is in memory too. */
export class FakeExecutor implements Executor {
  readonly name: string;
  readonly facts: ExecutorFacts;
  readonly capacity: Capacity;
  /** The attempts that it was given, in order. */
  readonly jobs: JobSpecification[] = [];
  /** What was printed, by the path of the log. */
  readonly logs = new Map<string, string[]>();
  private isCrashed = false;
  private held = 0;
  private isAlone = false;
  private readonly script: Script;
  private readonly grace: number;
  private readonly world: World | undefined;
  private readonly free: string[];

  constructor(script: Script, { name = 'fake', facts = {}, capacity = {}, devices = [], grace = 20, world }: FakeOptions = {}) {
    this.script = script;
    this.name = name;
    this.facts = { platform: 'fake', machine: {}, engines: {}, ...facts };
    this.capacity = { cpu: 4, gpu: devices.length, memory: 2 ** 30, ...capacity };
    this.grace = grace;
    this.world = world;
    this.free = [...devices];
  }

  async hold({ gpu, alone }: Need, { signal }: Asker): Promise<Hold | undefined> {
    const isBusy = (): boolean => this.isAlone || (alone && this.held > 0) || this.free.length < Math.min(gpu, this.capacity.gpu);
    while (isBusy() && !signal.aborted) await sleep(1);
    if (signal.aborted) return undefined;
    const devices = this.free.splice(0, gpu);
    this.held += 1;
    this.isAlone = alone;
    const release = (): void => {
      this.free.push(...devices);
      this.held -= 1;
      this.isAlone = false;
    };
    return { devices, descriptors: [], release };
  }

  async execute(job: Job, emit: (event: JobEvent) => void, stop: Stop): Promise<ExitRecord> {
    const { attempt, node } = job.specification;
    const life = this.begin(job);
    this.world?.set(attempt, life);
    const exit = (await watch(life, emit, stop)) ?? failedWith(job.specification, 'lost', `${node} was lost`);
    return this.isCrashed ? new Promise(() => undefined) : exit;
  }

  /** As if the coordinator were killed: none of its attempts ever ends for it. */
  crash(): void {
    this.isCrashed = true;
  }

  async recover({ attempt }: JobSpecification, emit: (event: JobEvent) => void, stop: Stop): Promise<ExitRecord | undefined> {
    const life = this.world?.get(attempt);
    if (life === undefined) return undefined;
    for (const event of life.events) emit(event);
    return watch(life, emit, stop);
  }

  private begin({ specification, secrets }: Job): Life {
    const { node, log, outputs, folder, timeout } = specification;
    const before = this.jobs.filter((job) => job.node === node).length;
    this.jobs.push(specification);
    const asked = new AbortController();
    const killed = new AbortController();
    let reason: 'stop' | 'timeout' | undefined;
    const events: JobEvent[] = [];
    const tell = (event: JobEvent): void => {
      events.push(event);
      life.watcher?.(event);
    };
    const never = new Promise<'killed'>((resolve) => killed.signal.addEventListener('abort', () => resolve('killed')));
    const attempt: FakeAttempt = {
      specification,
      secrets,
      before,
      signal: asked.signal,
      log: (line) => {
        const clean = Object.values(secrets).reduce((text, secret) => text.replaceAll(secret, '[secret]'), line);
        this.logs.set(log, [...(this.logs.get(log) ?? []), clean]);
        tell({ type: 'node-log', node, line: clean });
      },
      progress: (finished, total) => tell({ type: 'node-progress', node, done: finished, total }),
      metric: (name, value, step) => tell({ type: 'node-metric', node, name, value, ...(step === undefined ? {} : { step }) }),
      write: (port, text) => {
        const path = outputs[port]?.path ?? port;
        writeFileSync(specification.program.kind === 'command' ? join(folder, 'work', path) : path, text);
      },
      wait: async (milliseconds) => {
        await (milliseconds === undefined ? never : sleep(milliseconds));
      },
    };
    const life: Life = {
      events,
      watcher: undefined,
      ask: (why) => {
        reason ??= why;
        asked.abort();
        setTimeout(() => killed.abort(), this.grace);
      },
      kill: (why) => {
        reason ??= why;
        killed.abort();
      },
      end: Promise.race([Promise.resolve(attempt).then(this.script), never]).then((end) => {
        clearTimeout(clock);
        if (reason === 'stop') return { ...ended(specification), ended: 'stopped' };
        if (reason === 'timeout') return failedWith(specification, 'timeout', `${node} ran longer than its timeout of ${timeout} s`);
        if (end === 'lost') return undefined;
        if (end === 'killed') return failedWith(specification, 'killed', `${node} was killed`);
        if ('fails' in end) return failedWith(specification, end.code ?? 'exit-code', `${node} ${end.fails}`);
        return { ...ended(specification), ended: 'done', metrics: end.metrics ?? {}, facts: {}, last: this.logs.get(log) ?? [] };
      }),
    };
    const clock = timeout === undefined ? undefined : setTimeout(() => life.ask('timeout'), timeout * 1000);
    return life;
  }
}

/** Watches an attempt, and hands a stop on to it. */
async function watch(life: Life, emit: (event: JobEvent) => void, { asked, forced }: Stop): Promise<ExitRecord | undefined> {
  life.watcher = emit;
  const onAsk = (): void => life.ask('stop');
  const onForce = (): void => life.kill('stop');
  asked.addEventListener('abort', onAsk);
  forced.addEventListener('abort', onForce);
  if (asked.aborted) onAsk();
  if (forced.aborted) onForce();
  try {
    return await life.end;
  } finally {
    asked.removeEventListener('abort', onAsk);
    forced.removeEventListener('abort', onForce);
  }
}

function ended({ attempt }: JobSpecification) {
  return { format: JOB_FORMAT, attempt, seconds: 0, cost: {} };
}

function failedWith(job: JobSpecification, code: ProblemCode, message: string): ExitRecord {
  return { ...ended(job), ended: 'failed', problem: { kind: 'stage', code, message } };
}

/** Executors of which there is only one. */
export function only(executor: Executor): Executors {
  const { name } = executor;
  const unknown = (asked: string): Outcome<Executor> =>
    failed({ kind: 'usage', code: 'unknown-executor', message: `no executor is named "${asked}"` });
  return {
    names: [name],
    get: async (asked = name): Promise<Outcome<Executor>> => (asked === name ? done<Executor>(executor) : unknown(asked)),
  };
}

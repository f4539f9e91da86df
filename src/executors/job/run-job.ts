import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { installation } from '../../model/installation.ts';
import type { JsonObject } from '../../model/json.ts';
import type { Job, JobEvent, Stop } from '../../model/executor.ts';
import { type ExitRecord, JOB_FORMAT, type JobProgram, type JobSpecification } from '../../model/job.ts';
import { done, type Problem, withLog } from '../../model/problem.ts';
import { fillInArguments, variableText } from './command.ts';
import { NodeLog } from './log.ts';
import { readMetrics } from './metrics.ts';
import type { ChildMessage } from './protocol.ts';
import { EVENTS_DESCRIPTOR } from './protocol.ts';
import { SUPERVISOR } from './supervisor.ts';
import { ATTEMPT_VARIABLE, killSurvivors } from './survivors.ts';
import type { ProblemCode } from '../../model/problem-codes.ts';

/** How long a stopped node has to save its checkpoint. */
const GRACE_MS = 8000;

const CHILD = fileURLToPath(new URL('./child.js', import.meta.url));

/** How long a child's last words may take to arrive once it has ended. */
const LAST_EVENTS_MS = 1000;

/** Node's exit code when nothing is left that could settle what a module awaits. */
const NODE_UNSETTLED = 13;

/** The program that does a job, and its variables. */
interface Program {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string;
}

/** One grant for each path that no other one covers: Node 20 loses a grant when a narrower one stands beside it. */
function grants(flag: string, paths: readonly string[]): string[] {
  const all = [...new Set(paths)];
  const widest = all.filter((path) => !all.some((other) => path !== other && path.startsWith(`${other}/`)));
  return widest.map((path) => `${flag}=${lstatSync(path, { throwIfNoEntry: false })?.isFile() === true ? path : `${path}/*`}`);
}

/** Node's permission model: it stops accidents such as reading a file that is not an input. */
function permissionFlags(job: JobSpecification, packages: Readonly<Record<string, string>>, readable: readonly string[]): string[] {
  const [major = 0] = process.versions.node.split('.').map(Number);
  const { folder } = job;
  const installed = Object.values(packages).map((path) => `${path.slice(0, path.lastIndexOf('/node_modules/'))}/node_modules`);
  const own = ['dist', 'package.json', 'node_modules'].map((name) => join(installation, name));
  const reads = [folder, job.checkpoints, ...readable, ...own, ...installed, '/proc', '/sys', '/etc', '/usr'];
  const writes = [...['out', 'home', 'tmp', 'work'].map((name) => join(folder, name)), job.checkpoints];
  return [
    major >= 24 ? '--permission' : '--experimental-permission',
    '--allow-addons',
    '--allow-worker',
    ...grants('--allow-fs-read', reads),
    ...grants('--allow-fs-write', writes),
  ];
}

function stageProgram(job: JobSpecification, work: JobProgram & { kind: 'stage' }): Program {
  const { folder } = job;
  const flags = [
    '--enable-source-maps',
    '--disable-warning=ExperimentalWarning',
    '--disable-warning=SecurityWarning',
    ...permissionFlags(job, work.packages, work.readable),
  ];
  return { command: [process.execPath, ...flags, CHILD, join(folder, 'job.json')], env: {}, folder: join(folder, 'work') };
}

function commandProgram({ specification: job, secrets }: Job, work: JobProgram & { kind: 'command' }): Program {
  const ports = Object.entries({
    ...job.inputs,
    ...Object.fromEntries(Object.entries(job.outputs).map(([port, { path }]) => [port, path])),
  });
  const variables = Object.fromEntries([...Object.entries(job.params), ...ports].map(([name, value]) => [name, variableText(value)]));
  const command =
    typeof work.run === 'string'
      ? ['bash', '-euo', 'pipefail', '-c', work.run]
      : fillInArguments(work.run, { ...job.env, ...secrets, ...variables });
  return {
    command,
    env: { ...variables, OMP_NUM_THREADS: String(job.resources.cpu), PYTHONDONTWRITEBYTECODE: '1' },
    folder: join(job.folder, 'work'),
  };
}

function environmentOf({ specification: job, secrets }: Job, program: Program): Record<string, string> {
  const { folder } = job;
  return {
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    HOME: join(folder, 'home'),
    TMPDIR: join(folder, 'tmp'),
    STILLROOM_CPU: String(job.resources.cpu),
    ...program.env,
    ...job.env,
    ...secrets,
    [ATTEMPT_VARIABLE]: job.attempt,
  };
}

/** A killed child may leave half a message, and a command may write anything: that tells nothing. */
function parseMessage(text: string): ChildMessage | undefined {
  try {
    const message = JSON.parse(text) as Partial<ChildMessage> | null;
    return typeof message?.type === 'string' ? (message as ChildMessage) : undefined;
  } catch {
    return undefined;
  }
}

/** What a child told while it ran. */
class Progress {
  readonly metrics: Record<string, number> = {};
  /** What the child said at the end of its work; undefined: it never came to it. */
  facts: JsonObject | undefined;
  failure: (ChildMessage & { type: 'failed' }) | undefined;
  private readonly final = new Set<string>();
  private readonly job: JobSpecification;
  private readonly log: NodeLog;
  private readonly emit: (event: JobEvent) => void;

  constructor(job: JobSpecification, log: NodeLog, emit: (event: JobEvent) => void) {
    this.job = job;
    this.log = log;
    this.emit = emit;
  }

  line(line: string): void {
    this.emit({ type: 'node-log', node: this.job.node, line });
  }

  message(text: string): void {
    const message = parseMessage(text);
    if (message === undefined) return;
    const { node } = this.job;
    if (message.type === 'failed') this.failure = message;
    else if (message.type === 'done') this.facts = message.facts;
    else if (message.type === 'log') this.line(this.log.add(message.line));
    else if (message.type === 'progress') this.emit({ ...message, type: 'node-progress', node });
    else if (message.type === 'metric') {
      if (message.step === undefined) this.final.add(message.name);
      if (message.step === undefined || !this.final.has(message.name)) this.metrics[message.name] = message.value;
      this.emit({ ...message, type: 'node-metric', node });
    }
  }
}

/** Runs an attempt's program and watches it. Ends only when nothing of it lives any more. */
export async function runJob(given: Job, emit: (event: JobEvent) => void, stop: Stop): Promise<ExitRecord> {
  const { specification: job, secrets, lock } = given;
  const started = performance.now();
  const exit = () => ({ format: JOB_FORMAT, attempt: job.attempt, seconds: (performance.now() - started) / 1000, cost: {} });
  const log = new NodeLog(
    job.log,
    Object.values(secrets).filter((value) => value !== ''),
  );
  const progress = new Progress(job, log, emit);
  const program = job.program.kind === 'stage' ? stageProgram(job, job.program) : commandProgram(given, job.program);
  const child = execa('/bin/sh', ['-c', SUPERVISOR, 'stillroom', ...program.command], {
    cwd: program.folder,
    env: environmentOf(given, program),
    extendEnv: false,
    detached: true,
    cleanup: false,
    buffer: false,
    reject: false,
    // execa hands a number on as a descriptor here too, but its types allow that for the standard three alone.
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', lock.descriptor as unknown as 'inherit', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    const take = log.taker((line) => progress.line(line));
    stream.on('data', take);
  }
  const events = createInterface({ input: (child.stdio as readonly unknown[])[EVENTS_DESCRIPTOR] as Readable });
  events.on('line', (line) => progress.message(line));
  const told = new Promise((resolve) => events.once('close', resolve));
  const stopper = stopOn(job, child.pid ?? 0, stop);
  let straggler: NodeJS.Timeout | undefined;
  child.once('exit', () => {
    // What it left running would keep its streams open.
    killGroup(child.pid ?? 0, 'SIGKILL');
    if (stopper.reason !== undefined) killSurvivors(job.attempt);
    else straggler = setTimeout(() => killSurvivors(job.attempt), LAST_EVENTS_MS);
  });
  const result = await child;
  clearTimeout(straggler);
  stopper.dispose();
  await Promise.race([told, sleep(LAST_EVENTS_MS, undefined, { ref: false })]);
  if (stopper.reason !== undefined || result.exitCode !== 0) while (killSurvivors(job.attempt) > 0) await sleep(20);
  await log.close();
  if (stopper.reason === 'stop') return { ...exit(), ended: 'stopped' };
  const problem = problemOf(job, result.exitCode, result.signal, stopper.reason, progress, log);
  if (problem !== undefined) return { ...exit(), ended: 'failed', problem };
  const metrics = job.program.kind === 'command' ? readMetrics(job, job.program.metrics) : done(progress.metrics);
  if (!metrics.ok) return { ...exit(), ended: 'failed', problem: withLog(metrics.problems[0] as Problem, log.last, job.log) };
  return { ...exit(), ended: 'done', metrics: metrics.value, facts: progress.facts ?? {}, last: log.last };
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    if (pid > 0) process.kill(-pid, signal);
  } catch {
    // The group is gone already.
  }
}

/** Asks a job to stop when the signal comes or its time is up, and kills it when it does not. */
function stopOn(job: JobSpecification, pid: number, { asked, forced }: Stop): { reason: 'stop' | 'timeout' | undefined; dispose(): void } {
  let killer: NodeJS.Timeout | undefined;
  const stop = (reason: 'stop' | 'timeout', gently: boolean): void => {
    state.reason ??= reason;
    const kill = (): void => {
      killGroup(pid, 'SIGKILL');
      killSurvivors(job.attempt);
    };
    if (!gently) return kill();
    killGroup(pid, 'SIGTERM');
    killer ??= setTimeout(kill, GRACE_MS);
    return undefined;
  };
  const onAbort = (): void => stop('stop', true);
  const onKill = (): void => stop('stop', false);
  const clock = job.timeout === undefined ? undefined : setTimeout(() => stop('timeout', true), job.timeout * 1000);
  const state = {
    reason: undefined as 'stop' | 'timeout' | undefined,
    dispose(): void {
      clearTimeout(clock);
      clearTimeout(killer);
      asked.removeEventListener('abort', onAbort);
      forced.removeEventListener('abort', onKill);
    },
  };
  asked.addEventListener('abort', onAbort, { once: true });
  forced.addEventListener('abort', onKill, { once: true });
  if (asked.aborted) onAbort();
  return state;
}

const SIGNALS: Readonly<Record<number, string>> = {
  4: 'SIGILL',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  15: 'SIGTERM',
};

function problemOf(
  job: JobSpecification,
  exitCode: number | undefined,
  ownSignal: string | undefined,
  reason: 'stop' | 'timeout' | undefined,
  progress: Progress,
  log: NodeLog,
): Problem | undefined {
  const bad = (code: ProblemCode, message: string): Problem =>
    withLog({ kind: 'stage', code, message: `${job.node} ${message}` }, log.last, job.log);
  if (reason === 'timeout') return bad('timeout', `ran longer than its timeout of ${job.timeout} s`);
  if (progress.failure !== undefined) {
    const { code, message, hint } = progress.failure;
    const problem: Problem = { kind: 'stage', code, message: `${job.node} failed: ${message}`, ...(hint === undefined ? {} : { hint }) };
    return withLog(problem, log.last, job.log);
  }
  if (job.program.kind === 'stage' && exitCode === NODE_UNSETTLED)
    return bad('ended-early', 'ended before its work was done: it waits for something that never comes');
  if (exitCode === 0) {
    return job.program.kind === 'command' || progress.facts !== undefined
      ? undefined
      : bad('ended-early', 'ended before its work was done: something called process.exit');
  }
  const signal = ownSignal ?? SIGNALS[(exitCode ?? 0) - 128];
  if (signal === 'SIGKILL') return bad('killed', 'was killed by SIGKILL: perhaps the machine ran out of memory');
  if (signal !== undefined)
    return bad('killed', `was killed by ${signal}${signal === 'SIGABRT' ? `: ${log.fatal ?? 'native code aborted'}` : ''}`);
  if (exitCode === 127 && job.program.kind === 'command') return bad('exit-code', 'ended with exit code 127: a program was not found');
  return bad('exit-code', `ended with exit code ${exitCode}`);
}

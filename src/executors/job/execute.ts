import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JobEvent, Stop } from '../../model/executor.ts';
import { installation } from '../../model/installation.ts';
import { type ExitRecord, JOB_FORMAT } from '../../model/job.ts';
import { done, type Problem, withLog } from '../../model/problem.ts';
import { problemOf, startProblem } from './ending.ts';
import { NodeLog } from './log.ts';
import { Messages } from './messages.ts';
import { readMetrics } from './metrics.ts';
import { type Program, programOf, type SecretJob } from './program.ts';
import { EVENTS_DESCRIPTOR } from './protocol.ts';
import { Stopper } from './stopping.ts';
import { SUPERVISOR } from './supervisor.ts';
import { killSurvivors } from './survivors.ts';

/** How long a child's last words may take to arrive once it has ended. */
const LAST_EVENTS_MS = 1000;

/** An attempt to be executed as a process of this machine. */
export interface LocalJob extends SecretJob {
  /** The lock on the work: inherited by everything that the program starts. */
  readonly lock: number | undefined;
}

/** How a process ended. */
interface Exit {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Runs an attempt's program and watches it to its end. Resolves when nothing of it lives any more. */
export async function executeJob(job: LocalJob, emit: (event: JobEvent) => void, stop: Stop): Promise<ExitRecord> {
  const { specification, secrets } = job;
  const started = performance.now();
  const log = new NodeLog(specification.log, Object.values(secrets));
  const messages = new Messages(specification.node, log, emit);
  const ending = await runProgram(job, { log, messages, emit, stop });
  messages.end();
  log.close();
  const { cpuSeconds, facts = {} } = messages;
  const { peakMemory } = facts;
  const common = {
    format: JOB_FORMAT,
    attempt: specification.attempt,
    seconds: (performance.now() - started) / 1000,
    cost: { ...(cpuSeconds === undefined ? {} : { cpuSeconds }), ...(typeof peakMemory === 'number' ? { peakMemory } : {}) },
  };
  const failed = (problem: Problem): ExitRecord => ({ ...common, ended: 'failed', problem });
  if ('problem' in ending) return failed(ending.problem);
  if (ending.reason === 'stop') return { ...common, ended: 'stopped' };
  const problem = problemOf(specification, { ...ending, messages, log });
  if (problem !== undefined) return failed(problem);
  const { program } = specification;
  const metrics = program.kind === 'command' ? readMetrics(specification, program.metrics) : done(messages.metrics);
  if (!metrics.ok) return failed(withLog(metrics.problems[0] as Problem, log.last, specification.log));
  return { ...common, ended: 'done', metrics: metrics.value, facts, last: log.last };
}

/** Who takes what a program says, and says when it must end. */
interface Watching {
  readonly log: NodeLog;
  readonly messages: Messages;
  readonly emit: (event: JobEvent) => void;
  readonly stop: Stop;
}

async function runProgram(
  job: LocalJob,
  { log, messages, emit, stop }: Watching,
): Promise<(Exit & { readonly reason: Stopper['reason'] }) | { readonly problem: Problem }> {
  const { specification } = job;
  const { attempt, node, timeout } = specification;
  let child: ChildProcess;
  try {
    child = start(programOf(job, runtime), job.lock);
    await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  } catch (error) {
    return { problem: startProblem(specification, error) };
  }
  const takers = [child.stdout, child.stderr].map((stream) => {
    const taker = log.taker((line) => emit({ type: 'node-log', node, line }));
    stream?.setEncoding('utf8').on('data', taker.take);
    return taker;
  });
  const events = (child.stdio as readonly unknown[])[EVENTS_DESCRIPTOR] as Readable;
  events.setEncoding('utf8').on('data', (chunk: string) => messages.take(chunk));
  const told = new Promise((resolve) => events.once('close', resolve));
  const stopper = new Stopper(stop, timeout, {
    ask: () => killGroup(child, 'SIGTERM'),
    kill: () => {
      killGroup(child, 'SIGKILL');
      killSurvivors(attempt);
    },
  });
  let straggler: NodeJS.Timeout | undefined;
  const exit = await new Promise<Exit>((resolve) => {
    child.once('exit', () => {
      // What it left running would keep its streams open.
      killGroup(child, 'SIGKILL');
      if (stopper.reason !== undefined) killSurvivors(attempt);
      else straggler = setTimeout(() => killSurvivors(attempt), LAST_EVENTS_MS);
    });
    child.once('close', (exitCode, signal) => resolve({ exitCode, signal }));
  });
  clearTimeout(straggler);
  stopper.dispose();
  await Promise.race([told, sleep(LAST_EVENTS_MS, undefined, { ref: false })]);
  if (stopper.reason !== undefined || exit.exitCode !== 0) while (killSurvivors(attempt) > 0) await sleep(20);
  // Whoever still has it open is not heard any more.
  events.destroy();
  for (const taker of takers) taker.end();
  return { ...exit, reason: stopper.reason };
}

const runtime = { node: process.execPath, nodeMajor: Number.parseInt(process.versions.node, 10), installation };

/** Starts a program below its supervisor. */
function start({ command, env, folder }: Program, lock: number | undefined): ChildProcess {
  return spawn('/bin/sh', ['-c', SUPERVISOR, 'stillroom', ...command], {
    cwd: folder,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', lock ?? 'ignore', 'pipe'],
  });
}

function killGroup({ pid = 0 }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid > 0) process.kill(-pid, signal);
  } catch {
    // The group is gone already.
  }
}

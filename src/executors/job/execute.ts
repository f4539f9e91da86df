import { monotonic } from '../../model/clock.ts';
import type { JobEvent, Stop } from '../../model/executor.ts';
import { type ExitRecord, JOB_FORMAT, type JobSpecification } from '../../model/job.ts';
import { done, type Problem, withLog } from '../../model/problem.ts';
import { type SystemError, systemMessage } from '../../model/system-failure.ts';
import { CheckpointFolder } from './checkpoint-folder.ts';
import { Checkpoints } from './checkpoints.ts';
import { CommandEvents } from './command-events.ts';
import { problemOf, startProblem, unhiddenProblem } from './ending.ts';
import { NodeLog } from './log.ts';
import { Messages } from './messages.ts';
import { Newest } from './newest.ts';
import { keepNotebook } from './notebook.ts';
import { readMetrics } from './metrics.ts';
import { programOf, type SecretJob } from './program.ts';
import { runtimeHere } from './runtime.ts';
import { Stopper } from './stopping.ts';
import { SavedCheckpoints } from './saved-checkpoints.ts';
import type { Exit, RunningProgram, Surroundings, WorkLock } from './running-program.ts';
import { launcherHere } from './launcher.ts';
import { SupervisedProgram } from './supervised-program.ts';
import { canHide, type Supervisor, supervisorHere } from './supervisor.ts';

/** Milliseconds between two tellings of what a line shows that a program writes anew, as progress bars do. */
const STATE_PAUSE = 250;

/** An attempt to be executed as a process of this machine. */
export interface LocalJob extends SecretJob {
  /** The lock on the work: held until nothing of the program is left. */
  readonly lock: WorkLock | undefined;
  /** Milliseconds that it has to end when it is asked to. */
  readonly grace?: number | undefined;
  /** What it runs under, where that is not the best there is. */
  readonly supervisor?: Supervisor;
}

/** Runs an attempt's program and watches it to its end. Resolves when nothing of it lives any more. */
export async function executeJob(job: LocalJob, emit: (event: JobEvent) => void, stop: Stop): Promise<ExitRecord> {
  const { specification, secrets } = job;
  const started = monotonic();
  const log = new NodeLog(specification.log, Object.values(secrets));
  const messages = new Messages(specification.node, log, emit);
  const checkpoints = new SavedCheckpoints(specification.checkpoints);
  messages.onSaved = (name) => checkpoints.saved(name);
  const folder = new CheckpointFolder(specification);
  const kept = specification.program.kind === 'stage' ? undefined : new Checkpoints(specification.checkpoints);
  const events = kept === undefined ? undefined : eventsOf(specification, kept, messages);
  const ending = await runProgram({ ...job, resumed: kept?.folder }, { log, messages, folder, emit, stop });
  events?.end();
  messages.end();
  await checkpoints.settled();
  log.close();
  if (log.lost !== undefined) emit(lostLog(specification, log.lost));
  const isBack = folder.leave();
  const { cpuSeconds, facts = {} } = messages;
  const { peakMemory } = facts;
  const common = {
    format: JOB_FORMAT,
    attempt: specification.attempt,
    seconds: (monotonic() - started) / 1000,
    cost: { ...(cpuSeconds === undefined ? {} : { cpuSeconds }), ...(typeof peakMemory === 'number' ? { peakMemory } : {}) },
  };
  const failed = (problem: Problem): ExitRecord => ({ ...common, ended: 'failed', problem });
  if ('problem' in ending) return failed(ending.problem);
  if (ending.reason === 'stop') return { ...common, ended: 'stopped' };
  const problem = problemOf(specification, { ...ending, messages, log });
  if (problem !== undefined) {
    keepNotebook(specification, (text) => log.clean(text));
    return failed(problem);
  }
  const { program } = specification;
  const metrics = program.kind === 'command' ? await readMetrics(specification, program.metrics, messages) : done(messages.metrics);
  const { blotter } = log;
  if (!metrics.ok)
    return failed(withLog(blotter.cleanMembers(metrics.problems[0] as Problem, 'message', 'hint'), log.last, specification.log));
  const plain = ending.isPlain === true && isBack ? { isPlain: true } : {};
  return { ...common, ended: 'done', metrics: blotter.cleanAll(metrics.value), facts, last: log.last, ...plain };
}

/** What a command tells while it runs, by a file: it has no descriptor for it. */
function eventsOf({ folder }: JobSpecification, checkpoints: Checkpoints, messages: Messages): CommandEvents {
  return new CommandEvents(folder, checkpoints, {
    said: (message) => messages.said(message),
    notice: (message) => messages.notice(message),
  });
}

function lostLog({ node }: JobSpecification, error: SystemError): JobEvent {
  const { message, hint } = systemMessage(error, 'it');
  return { type: 'notice', level: 'warning', node, message: `its log is not whole: ${message}; ${hint}` };
}

/** Who takes what a program says, and says when it must end. */
interface Watching {
  readonly log: NodeLog;
  readonly messages: Messages;
  readonly folder: CheckpointFolder;
  readonly emit: (event: JobEvent) => void;
  readonly stop: Stop;
}

async function runProgram(
  job: LocalJob,
  { log, messages, folder, emit, stop }: Watching,
): Promise<(Exit & { readonly reason: Stopper['reason'] }) | { readonly problem: Problem }> {
  const { specification, lock, grace } = job;
  const { attempt, node, timeout } = specification;
  const states = new Newest<string>(STATE_PAUSE, (line) => emit({ type: 'node-log', node, line, isOpen: true }));
  const onLine = (line: string): void => {
    states.forget();
    emit({ type: 'node-log', node, line });
  };
  const onState = (state: string): void => states.take(state);
  const takers = [log.taker(onLine, onState), log.taker(onLine, onState)] as const;
  const listener: Surroundings['listener'] = { printed: [takers[0].take, takers[1].take], told: (text) => messages.take(text) };
  if (specification.program.kind === 'command' && specification.program.hidden !== undefined && !canHide())
    return { problem: unhiddenProblem(specification) };
  let program: RunningProgram;
  try {
    folder.make();
    program = await startProgram(job, { attempt, lock, listener });
  } catch (error) {
    return { problem: startProblem(specification, error) };
  }
  const stopper = new Stopper(stop, { timeout, grace }, program);
  const exit = await program.end();
  stopper.dispose();
  for (const taker of takers) taker.end();
  states.end(false);
  const refused = exit.refused ?? messages.refused;
  if (refused !== undefined) return { problem: startProblem(specification, refused) };
  const ended = messages.leftovers.killed + exit.survivors;
  if (stopper.reason === undefined && ended > 0) for (const line of log.write([endedLine(ended)])) onLine(line);
  return { ...exit, reason: stopper.reason };
}

function startProgram(job: LocalJob, surroundings: Surroundings): RunningProgram | Promise<RunningProgram> {
  const program = programOf(job, runtimeHere());
  const supervisor = job.supervisor ?? supervisorHere();
  return supervisor === 'launched'
    ? launcherHere().start(program, surroundings)
    : SupervisedProgram.start(program, surroundings, supervisor);
}

/** What the log says of processes that a program left. */
function endedLine(count: number): string {
  return count === 1 ? 'one process that it left running was ended' : `${count} processes that it left running were ended`;
}

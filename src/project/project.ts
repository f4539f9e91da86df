import type { Writable } from 'node:stream';
import type { SetUp } from '../model/executor.ts';
import type { Outcome } from '../model/problem.ts';
import type { SweepEvent } from '../model/sweep-event.ts';
import type { RunRecord } from '../model/run.ts';
import { Context, type EnterOptions, type ProjectOptions } from './context.ts';
import type { SetupItem, Usage } from './doctor.ts';
import type { PreparedEditor } from './editor.ts';
import type { Imported, ImportOptions } from './import.ts';
import { LiveBook } from './live-book.ts';
import type { LogsOptions, RunLogs } from './logs.ts';
import type { Packed, PackOptions } from './pack.ts';
import type { Prediction, PredictOptions } from './predict.ts';
import { Records } from './records.ts';
import { RemoteBook } from './remote-book.ts';
import type { ReproduceOptions, Reproduction, RestoreOptions, RestoreSourcesOptions } from './reproduce.ts';
import type { Restored, RestoredSources } from './restore.ts';
import type { PipelinePlan, PlanOptions, RunOptions, RunResult, ToldPlanOptions } from './run.ts';
import { type Running, startRunning } from './running.ts';
import type { SweepEnd, SweepOptions } from './sweep.ts';
import { SweepBook } from './sweep-book.ts';
import { TagBook } from './tags.ts';
import { type Collected, collectGarbage, type GcOptions, type Verification, verifyStore } from './upkeep.ts';
import type { WatchedPlan } from './watched.ts';
import type { WatchedFiles } from './watched-files.ts';
import type { Explanation } from './why.ts';

export type { Event, PlannedNode } from '../model/event.ts';
export type { Outcome, Place, Problem, ProblemKind } from '../model/problem.ts';
export type { ProblemCode } from '../model/problem-codes.ts';
export type { ReportRun } from '../model/report.ts';
export type { NodeState, RunNode, RunRecord, RunState } from '../model/run.ts';
export type { Tag } from '../model/store.ts';
export type { SweepEvent } from '../model/sweep-event.ts';
export type { EnterOptions, ProjectOptions } from './context.ts';
export type { SetupItem, Usage } from './doctor.ts';
export type { PreparedEditor } from './editor.ts';
export type { Imported, ImportOptions } from './import.ts';
export type { Attached, AttachOptions, LiveBook, Past } from './live-book.ts';
export type { AttachedRun } from './live/attach-run.ts';
export type { AttachedSweep } from './live/attach-sweep.ts';
export type { ToldToStop } from './live/stop.ts';
export type { LogLine, LogsOptions, NodeWithLog, RunLogs } from './logs.ts';
export type { Packed, PackOptions } from './pack.ts';
export type { Prediction, PredictOptions } from './predict.ts';
export type { ComparedRun, Comparison, LineageStep, LineageOrigin, ListedRun, Records, RowQuery, RunCost, ShownRun } from './records.ts';
export type { ShelfUsage } from '../model/far.ts';
export type { Remote } from '../model/remote.ts';
export type { ExchangeOptions } from './exchange.ts';
export type { Pulled } from './pull.ts';
export type { Pushed, PushOptions } from './push.ts';
export type { RemoteBook } from './remote-book.ts';
export type { FarCollected, FarGcOptions, RemoteStatus } from './remote-upkeep.ts';
export type { ReproduceOptions, Reproduction, RestoreOptions, RestoreSourcesOptions, Verdicts } from './reproduce.ts';
export type { Restored, RestoredSources } from './restore.ts';
export type {
  ExplainedNode,
  PipelinePlan,
  PlanOptions,
  RunOptions,
  RunResult,
  StartOptions,
  ToldPlanOptions,
  WatchOptions,
} from './run.ts';
export type { Running } from './running.ts';
export type { SweepEnd, SweepOptions } from './sweep.ts';
export type { SweepBook } from './sweep-book.ts';
export type { SweepReport } from './sweep-report.ts';
export type { BestTrial, ListedSweep, ShownSweep, SweepCounts } from './sweep-records.ts';
export type { GivenTag, NamedRuns, NamedThing, TagBook } from './tags.ts';
export type { Collected, Finding, GcOptions, Verification } from './upkeep.ts';
export type { WatchedPlan } from './watched.ts';
export type { WatchedFiles } from './watched-files.ts';
export type { Because, ExplainedReason, Explanation, Root, TextChange } from './why.ts';

/**
 * A project: pipelines, stages and a store, and what can be asked of them. Nothing here prints, ends the process or listens to signals.
 * Expected errors are values: an `Outcome` is `{ ok: true, value }` or `{ ok: false, problems }`. So is what the system refuses, such as a full
 * disk. A throw is a bug.
 */
export class Project {
  /** Questions to what has run. */
  readonly records: Records;
  /** Questions to the sweeps that have run. */
  readonly sweeps: SweepBook;
  /** Names and pins of runs and sweeps. */
  readonly tags: TagBook;
  /** What runs now, in whichever process. */
  readonly live: LiveBook;
  /** Runs and results that are exchanged with others. */
  readonly remotes: RemoteBook;
  private readonly context: Context;

  constructor(options: ProjectOptions) {
    this.context = new Context(options);
    this.records = new Records(this.context);
    this.sweeps = new SweepBook(this.context);
    this.tags = new TagBook(this.context);
    this.live = new LiveBook(this.context);
    this.remotes = new RemoteBook(this.context);
  }

  /** The project's folder, absolute. */
  get root(): string {
    return this.context.root;
  }

  /** The folder of the project's store, absolute. */
  get store(): string {
    return this.context.places.store;
  }

  /** Says of each node of a pipeline file whether a run would execute it, and why; executes nothing. The plan can be run. */
  async plan(file: string, options: ToldPlanOptions = {}): Promise<Outcome<PipelinePlan>> {
    return this.settled(options, async (plain) => (await import('./run.ts')).planFile(this.context, file, plain));
  }

  /**
   * Names what makes nodes run, or made them run, beside the last run that was asked the same. The target is a pipeline file, a run, or a node
   * of the newest run.
   */
  async why(target: string, node?: string, options: PlanOptions = {}): Promise<Outcome<Explanation>> {
    return this.settled(options, async (plain) => (await import('./why.ts')).explainNodes(this.context, target, node, plain));
  }

  /** Plans a pipeline file, as `plan` does, and says which files and folders may change the plan, whether or not there is one. */
  async planWatched(file: string, options: PlanOptions = {}): Promise<WatchedPlan> {
    return (await import('./watched.ts')).planWatched(this.context, file, options);
  }

  /** Does what its options ask for, once files of settings among them have been read. */
  private settled<Options extends { readonly set?: readonly string[] | undefined }, Value>(
    options: Options,
    work: (plain: Options) => Promise<Outcome<Value>>,
  ): Promise<Outcome<Value>> {
    return this.context.guarded(async () => {
      const set = options.set ?? [];
      if (!set.some((one) => one.startsWith('@'))) return work(options);
      const { plainSettings, toldInFiles } = await import('./settings.ts');
      const plain = await plainSettings(set, this.context.folder);
      return plain.ok ? toldInFiles(await work({ ...options, set: plain.value.set }), plain.value.places) : plain;
    });
  }

  /** What waits for files and folders to change, but for those in the store. */
  async watchFiles(): Promise<WatchedFiles> {
    return (await import('./watched.ts')).watchFiles(this.context);
  }

  /** Reads what the nodes of a run printed, or follows it; the lines are told as they are found. */
  async logs(run: string, options: LogsOptions = {}): Promise<Outcome<RunLogs>> {
    return this.context.guarded(async () => (await import('./logs.ts')).readLogs(this.context, run, options));
  }

  /** Runs a pipeline file. Fails only where it cannot begin: how its nodes ended is told in the result and by the events. */
  run(file: string, options: RunOptions = {}): Running<Outcome<RunResult>> {
    return startRunning((emit) =>
      this.settled(options, async (plain) => {
        this.context.signal = options.signal;
        const { rememberedOf, unlessRefused } = await import('./remembered.ts');
        const remembered = await unlessRefused(() => rememberedOf(this.context, file, plain));
        const repeated = remembered && (await (await import('./repeat.ts')).repeatFile(remembered, plain, emit));
        if (repeated !== undefined) return repeated;
        const { planPart, runPart } = await import('./part.ts');
        const part = remembered && (await planPart(this.context, file, remembered, plain));
        if (part !== undefined) return runPart(part, { folder: this.context.folder, options: plain }, emit);
        return (await import('./run.ts')).runFile(this.context, file, plain, emit);
      }),
    );
  }

  /**
   * Runs variants of a pipeline file, or goes on with a sweep that was stopped. Fails only where it cannot begin: how its trials ended is
   * told in the result and by the events.
   */
  sweep(file: string, options: SweepOptions = {}): Running<Outcome<SweepEnd>, SweepEvent> {
    return startRunning((emit) =>
      this.settled(options, async (plain) => {
        this.context.signal = options.signal;
        return (await import('./sweep.ts')).sweepFile(this.context, file, plain, emit);
      }),
    );
  }

  /**
   * Runs a recorded run again from its record alone, in an empty store, and compares what comes out. The run is one of the store, or
   * undefined with `from`, the path of a pack. Fails only where there is nothing to begin with.
   */
  reproduce(run: string | undefined, options: ReproduceOptions = {}): Running<Outcome<Reproduction>> {
    return startRunning((emit) =>
      this.context.guarded(async () => {
        this.context.signal = options.signal;
        return (await import('./reproduce.ts')).reproduceRun(this.context, run, options, emit);
      }),
    );
  }

  /** Brings the outputs of a recorded run back from the store, or from a pack that holds them; executes nothing. */
  async restore(run: string | undefined, options: RestoreOptions = {}): Promise<Outcome<Restored>> {
    return this.context.guarded(async () => (await import('./reproduce.ts')).restoreRun(this.context, run, options));
  }

  /** Brings sources back as a recorded run read them, however it ended: from the bytes that the store kept, or those of a pack. */
  async restoreSources(run: string | undefined, options: RestoreSourcesOptions): Promise<Outcome<RestoredSources>> {
    return this.context.guarded(async () => (await import('./reproduce.ts')).restoreSourcesOf(this.context, run, options));
  }

  /** Writes a run with its code and sources to a file or stream, from which it can be run again anywhere. */
  async pack(run: string, target: string | Writable, options: PackOptions = {}): Promise<Outcome<Packed>> {
    return this.context.guarded(async () => (await import('./pack.ts')).packRun(this.context, run, target, options));
  }

  /** Makes of a pack a store in an empty folder, to be opened with `store`: its run is found there like any other. Returns its record. */
  async unpack(file: string, folder: string): Promise<Outcome<RunRecord>> {
    return this.context.guarded(async () => (await import('./unpack.ts')).unpackRun(this.context, file, folder));
  }

  /**
   * Labels pictures, or all those in folders, by an exported model: that of a run, of a folder of outputs, or an ONNX file. Pictures that
   * can't be read are told in the result and hold up no others.
   */
  async predict(model: string, pictures: readonly string[], options: PredictOptions = {}): Promise<Outcome<Prediction>> {
    return this.context.guarded(async () => (await import('./predict.ts')).predictPictures(this.context, model, pictures, options));
  }

  /** Removes what no kept run reaches, while no one else uses the store. Returns what was, or with `dryRun` would be, removed. */
  async gc(options: GcOptions = {}): Promise<Outcome<Collected>> {
    return this.context.guarded(() => collectGarbage(this.context, options));
  }

  /** Looks at every file of the store; what is damaged goes to quarantine, and what can be made again is. */
  async verify(): Promise<Outcome<Verification>> {
    return this.context.guarded(() => verifyStore(this.context));
  }

  /**
   * Writes a pipeline file that does what a `dvc.yaml` does, and takes over the outputs of which `dvc.lock` says that nothing has changed. What
   * cannot be kept is told by its line.
   */
  async importDvc(file: string, options: ImportOptions = {}): Promise<Outcome<Imported>> {
    return this.context.guarded(async () => (await import('./import.ts')).importDvc(this.context, file, options));
  }

  /** Writes what an editor reads of the project: the schemas of its files. Links the types of stages where they are not installed. */
  async prepareEditor(): Promise<Outcome<PreparedEditor>> {
    return this.context.guarded(async () => (await import('./editor.ts')).prepareEditor(this.context));
  }

  /** What is set up and what is not: Node, packages, the training engine, the project's store; where an executor was chosen, its machines are asked. */
  async doctor(onWait: (message: string) => void = () => undefined): Promise<readonly SetupItem[]> {
    this.context.tell = onWait;
    return (await import('./doctor.ts')).describeProject(this.context);
  }

  /** Sets up what is missing on the machines of the chosen executor; false: it has none but this one, and nothing was done. */
  async setUpExecutor(how: SetUp): Promise<Outcome<boolean>> {
    return this.context.guarded(async () => (await import('./doctor.ts')).setUpExecutor(this.context, how));
  }

  /** What takes how much room in the project's store. */
  async usage(): Promise<Outcome<Usage>> {
    return this.context.guarded(async () => (await import('./doctor.ts')).usageOf(this.context));
  }

  /**
   * Waits while `gc` has the store to itself. Whoever does not call it waits all the same when the store is first needed, but without a word
   * and with the thread blocked.
   */
  async enter(options: EnterOptions = {}): Promise<void> {
    await this.context.enter(options);
  }

  /** Lets others have the store alone. To be called when nothing of the project runs any more. */
  close(): void {
    this.context.close();
  }
}

/**
 * Opens the project of a folder: the nearest one upward that has a `stillroom.yaml`, `artifacts`, a stage, a `package.json` or a repository.
 * Nothing is read before something is asked of it.
 */
export function openProject(options: ProjectOptions = {}): Project {
  return new Project(options);
}

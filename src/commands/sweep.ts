import { Slots } from '../engine/slots.ts';
import { loadSweep } from '../load/sweep/sweep.ts';
import { splitOption, splitValues } from '../load/sweep/space.ts';
import { digestOf } from '../model/canonical.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { done, failed, type Outcome, type Problem } from '../model/problem.ts';
import { JOURNAL_FORMAT, Journal } from '../sweep/journal.ts';
import { search } from '../sweep/search.ts';
import { strategies } from '../sweep/strategies.ts';
import type { StartedJob, Strategy, Study } from '../sweep/study.ts';
import { sweepCsv, sweepMarkdown } from '../sweep/table.ts';
import { trialsOf } from '../sweep/trials.ts';
import { EXIT, fail, printJson } from './problems.ts';
import { type CommonOptions, capacityOf, type Opened, openPipeline, planOpened } from './project.ts';
import { listenForStop } from './run.ts';
import { Leaderboard } from './sweep-board.ts';
import { printSweep, type SweepResult, sweepJson, writeOutputs } from './sweep-output.ts';
import { askedOf, carryOutJob, checkValues, type TrialContext, TrialPlanner } from './sweep-trial.ts';

export interface SweepOptions extends CommonOptions {
  readonly set?: readonly string[];
  readonly executor?: string;
  readonly over?: readonly string[];
  readonly repeat?: readonly string[];
  readonly strategy?: string;
  readonly maximize?: readonly string[];
  readonly minimize?: readonly string[];
  readonly constraint?: readonly string[];
  readonly only?: readonly string[];
  readonly seed?: string;
  readonly trials?: string;
  readonly time?: string;
  readonly parallel?: string;
  readonly jobs?: string;
  readonly retry?: boolean;
  readonly verbose?: boolean;
  readonly plain?: boolean;
  readonly format?: string;
}

/** Options in the form of the file's section, and the option that each part came from. */
interface Asked {
  readonly section: JsonObject;
  readonly names: Readonly<Record<string, string>>;
}

const COMPARISONS: Readonly<Record<string, string>> = { '<': 'below', '>': 'above', '<=': 'max', '>=': 'min' };

function pointer(...steps: readonly string[]): string {
  return steps.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** Reads the command line's options as a section of the file. */
function readOptions(options: SweepOptions): Outcome<Asked> {
  const section: Record<string, Json> = {};
  const names: Record<string, string> = {};
  const problems: Problem[] = [];
  const wrong = (message: string, hint: string): void => void problems.push({ kind: 'usage', code: 'bad-option', message, hint });
  const collect = (key: 'over' | 'repeats', option: string, texts: readonly string[], example: string): void => {
    const members: Record<string, Json> = {};
    for (const text of texts) {
      const { name = '', values = '' } = splitOption(text) ?? {};
      if (name === '') wrong(`${option} ${text} is not of the form name=values`, `for example ${option} ${example}`);
      members[name] = key === 'over' ? values : splitValues(values);
      names[pointer(key, name)] = `${option} ${text}`;
    }
    if (texts.length > 0) section[key] = members;
  };
  collect('over', '--over', options.over ?? [], 'student.lr=log:1e-4..1e-2');
  collect('repeats', '--repeat', options.repeat ?? [], 'seed=1,2,3');
  const constraints: Record<string, JsonObject> = {};
  for (const text of options.constraint ?? []) {
    const [, metric = '', sign = '', bound = ''] = /^(.+?)\s*(<=|>=|<|>)\s*(\S+)$/.exec(text) ?? [];
    const limit = Number(bound);
    if (bound === '' || Number.isNaN(limit))
      wrong(`--constraint ${text} is not of the form metric<number`, "for example --constraint 'export.bytes<=3e6'");
    constraints[metric] = { ...constraints[metric], [COMPARISONS[sign] ?? 'max']: limit };
    names[pointer('constraints', metric)] = `--constraint ${text}`;
  }
  if (options.constraint !== undefined) section['constraints'] = constraints;
  for (const goal of ['maximize', 'minimize'] as const) {
    const metrics = options[goal];
    if (metrics === undefined) continue;
    section['objective'] = { ...(section['objective'] as JsonObject | undefined), [goal]: metrics };
    for (const [index, metric] of metrics.entries()) names[pointer('objective', goal, String(index))] = `--${goal} ${metric}`;
  }
  if (options.only !== undefined) section['only'] = options.only;
  for (const [index, word] of (options.only ?? []).entries()) names[pointer('only', String(index))] = `--only ${word}`;
  for (const key of ['seed', 'trials', 'parallel'] as const) {
    const text = options[key];
    if (text === undefined) continue;
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(Number(text)) || (key !== 'seed' && Number(text) === 0))
      wrong(`--${key} ${text} is not a whole number${key === 'seed' ? '' : ' above 0'}`, `for example --${key} 3`);
    section[key] = Number(text);
  }
  if (options.time !== undefined && !/^[0-9]+(\.[0-9]+)?(s|m|h)$/.test(options.time))
    wrong(`--time ${options.time} is not a time`, 'for example --time 30m');
  for (const key of ['strategy', 'time'] as const) {
    if (options[key] !== undefined) section[key] = options[key];
  }
  for (const key of Object.keys(section)) names[pointer(key)] ??= `--${{ repeats: 'repeat', constraints: 'constraint' }[key] ?? key}`;
  if (options.format !== undefined && !['text', 'csv', 'md', 'json'].includes(options.format))
    wrong(`--format ${options.format} is unknown`, 'known: text, csv, md, json');
  return problems.length > 0 ? failed(...problems) : done({ section, names });
}

/** A sweep that is ready to be carried out. */
interface Ready {
  readonly opened: Opened;
  readonly strategy: Strategy;
  readonly study: Omit<Study, 'jobs' | 'window'>;
  readonly id: string;
  readonly jobs: number;
  readonly slots: Slots;
}

/** Reads and checks everything; nothing is executed. */
async function prepareSweep(file: string, options: SweepOptions): Promise<Outcome<Ready>> {
  const asked = readOptions(options);
  if (!asked.ok) return asked;
  const { store, set, executor } = options;
  const opening = await openPipeline(file, {
    ...(store === undefined ? {} : { store }),
    ...(set === undefined ? {} : { set }),
    ...(executor === undefined ? {} : { executor }),
  });
  if (!opening.ok) return opening;
  const opened = opening.value;
  const { section, names } = asked.value;
  const loaded = loadSweep({
    pipeline: opened.pipeline,
    shownFile: file,
    options: section,
    optionNames: names,
    set: set ?? [],
    strategies,
  });
  if (!loaded.ok) return loaded;
  const planned = await planOpened(opened, loaded.value.spec.only === undefined ? {} : { only: loaded.value.spec.only });
  if (!planned.ok) return planned;
  const capacity = capacityOf(options, planned.value.executor);
  if (!capacity.ok) return capacity;
  const { spec, base } = loaded.value;
  // How far a sweep goes, and how fast, are no part of what it is: a longer one goes on from a shorter one.
  const { trials: _trials, seconds: _seconds, parallel: _parallel, ...lasting } = spec;
  const digest = digestOf({ format: JOURNAL_FORMAT, spec: JSON.parse(JSON.stringify(lasting)), asked: askedOf(planned.value) });
  const id = `${opened.pipeline.name}-${digest.slice(0, 10)}`;
  const strategy = strategies[spec.strategy] as Strategy;
  return done({
    opened,
    strategy,
    study: { spec, base },
    id,
    jobs: capacity.value.cpu,
    slots: new Slots({ name: planned.value.executor.name, capacity: capacity.value }),
  });
}

/** `stillroom sweep`: carries out variants of a pipeline, or goes on with a sweep that was stopped. */
export async function sweepCommand(file: string, options: SweepOptions): Promise<number> {
  const json = options.json === true;
  const prepared = await prepareSweep(file, options);
  if (!prepared.ok) return fail(prepared.problems, json);
  const { opened, strategy, study, id, jobs, slots } = prepared.value;
  const { spec } = study;
  const place = opened.store.sweeps.open(id);
  if (place === undefined) {
    const hint = 'wait for it, or stop it: what it has finished is kept';
    return fail([{ kind: 'usage', code: 'sweep-is-live', message: `the sweep ${id} is being carried out by another process`, hint }], json);
  }
  let board: Leaderboard | undefined;
  const stop = listenForStop((signal) => {
    board?.line(`! ${signal}: stopping; start the sweep again to go on (again to kill what runs)`);
    return undefined;
  });
  try {
    const context: TrialContext = {
      opened,
      spec,
      file,
      set: options.set ?? [],
      slots,
      stop,
      verbose: options.verbose === true,
      watch: (trial, event) => board?.watch(trial, event),
    };
    const checked = await checkValues(context);
    if (!checked.ok) return fail(checked.problems, json);
    const isAdaptive = strategy.needs.objective === true || strategy.needs.budget === true;
    const parallel = spec.parallel ?? (isAdaptive ? jobs : 2 * jobs);
    const journal = Journal.open(place.journal, parallel, {
      pipeline: opened.pipeline.name,
      file: opened.shownFile,
      set: [...context.set],
      spec: JSON.parse(JSON.stringify(spec)),
    });
    const planner = new TrialPlanner(context);
    const known = await stillTrue(journal.jobs, planner, options.retry === true);
    const begun: Study = { ...study, window: journal.window, jobs: known };
    const live = process.stderr.isTTY && options.plain !== true && options.verbose !== true && process.env['CI'] === undefined;
    board = new Leaderboard(spec, strategy.count(begun), live && process.env['TERM'] !== 'dumb');
    const deadline = performance.now() + (spec.seconds ?? Number.POSITIVE_INFINITY) * 1000;
    const ended = await carryOutSweep(strategy, begun, { board, journal, planner, context, id, deadline, parallel });
    board.clear();
    const result = writeOutputs(id, place.folder, opened.pipeline.file, spec, ended.jobs);
    tell(result, ended, options, stop.signal);
    if (stop.signal !== undefined) return stop.signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated;
    return result.trials.some(({ state }) => state === 'done') || result.trials.length === 0 ? EXIT.done : EXIT.stageFailed;
  } finally {
    opened.store.flush();
    stop.dispose();
    place.release();
  }
}

/** The jobs of a journal; those whose code, settings or sources have changed since count as not ended, and failed ones with `--retry`. */
async function stillTrue(jobs: readonly StartedJob[], planner: TrialPlanner, retry: boolean): Promise<StartedJob[]> {
  const kept: StartedJob[] = [];
  for (const { job, end } of jobs) {
    const counts = end !== undefined && !(retry && end.state === 'failed') && (await planner.isCurrent(job, end));
    kept.push({ job, end: counts ? end : undefined });
  }
  return kept;
}

interface Carrying {
  readonly board: Leaderboard;
  readonly journal: Journal;
  readonly planner: TrialPlanner;
  readonly context: TrialContext;
  readonly id: string;
  /** In milliseconds of `performance.now`. */
  readonly deadline: number;
  readonly parallel: number;
}

async function carryOutSweep(strategy: Strategy, begun: Study, carrying: Carrying): Promise<Study> {
  const { board, journal, planner, context, id, deadline, parallel } = carrying;
  const { spec } = begun;
  const keptCount = begun.jobs.filter(({ end }) => end !== undefined).length;
  const count = strategy.count(begun);
  board.line(
    `sweep ${id}: ${count ?? 'any number of'} trials by ${spec.strategy}${keptCount > 0 ? `; goes on: ${keptCount} finished ones are kept` : ''}`,
  );
  const now: StartedJob[] = [...begun.jobs];
  return search(strategy, begun, {
    parallel,
    mayStart: () => !context.stop.asked.aborted && performance.now() < deadline,
    carryOut: (job) => carryOutJob(job, planner, context),
    onStart(job) {
      journal.started(job);
      now.push({ job, end: undefined });
      board.draw(trialsOf(now, spec));
    },
    onEnd(job, end) {
      journal.ended(job, end);
      const at = now.findIndex((started) => started.job.trial === job.trial && started.job.rung === job.rung);
      now[at] = { job, end };
      const trials = trialsOf(now, spec);
      const trial = trials.find((one) => one.trial === job.trial);
      if (trial !== undefined) board.ended(trial, trials);
    },
  });
}

function tell(result: SweepResult, ended: Study, options: SweepOptions, signal: NodeJS.Signals | undefined): void {
  const left = ended.jobs.filter(({ end }) => end === undefined).length;
  const counts = (['done', 'halted', 'failed'] as const).flatMap((state) => {
    const number = result.trials.filter((trial) => trial.state === state).length;
    return number > 0 || state === 'done' ? [`${number} ${state}`] : [];
  });
  const message = `${result.id}: ${counts.join(', ')}${signal === undefined && left === 0 ? '' : '; stopped: start it again to go on'}`;
  if (options.json === true || options.format === 'json') printJson(sweepJson(result));
  else if (options.format === 'csv') process.stdout.write(sweepCsv(result));
  else if (options.format === 'md') process.stdout.write(sweepMarkdown(result));
  else printSweep(result, message);
}

import type { Event } from '../model/event.ts';
import type { Reporter } from '../model/reporter.ts';
import type { WatchOptions } from '../project/run.ts';
import { LinesReporter } from '../reporters/lines.ts';
import { showsColours } from '../text/styled.ts';
import { EXIT } from './answer.ts';
import { isHangUpIgnored } from './terminal.ts';
import { flag, type Invocation } from './verb.ts';

/** `--verbose`, of all verbs that run something. */
export const verbose = flag('--verbose', 'print every line that the nodes print');

/** `--no-wait`, of all verbs that run something. */
export const noWait = flag(
  '--no-wait',
  'measure although other work runs, in place of waiting for it; such results are marked and not reused',
);

/** The options of verbs that execute and are watched. */
export const watching = {
  noWait,
  verbose,
  plain: flag('--plain', 'lines instead of the live view'),
};

/** How those who watch are shown what happens. */
export interface Watching {
  readonly verbose: boolean;
  readonly plain: boolean;
  readonly jobs: number | undefined;
  readonly noWait: boolean;
}

/** Whether something may be drawn anew in its place. */
export function mayDraw({ stderr, environment }: Invocation, { plain, verbose }: Pick<Watching, 'plain' | 'verbose'>): boolean {
  return stderr.isTTY === true && !plain && !verbose && environment['CI'] === undefined && environment['TERM'] !== 'dumb';
}

/** Who watches a run: what is drawn anew, or lines. */
export async function openReporter(invocation: Invocation, options: Pick<Watching, 'plain' | 'verbose'>): Promise<Reporter> {
  const inColour = showsColours(invocation.stderr, invocation.environment);
  if (!mayDraw(invocation, options)) return new LinesReporter(invocation.stderr, options.verbose, inColour);
  const { LiveReporter } = await import('../reporters/live/live.ts');
  return new LiveReporter(invocation.stderr, inColour);
}

/** Signals that ask to stop. */
export interface Stopping {
  readonly asked: AbortSignal;
  readonly forced: AbortSignal;
  /** The first that came. */
  readonly signal: NodeJS.Signals | undefined;
  dispose(): void;
}

/** Asks to stop at the first signal, with a reason that watchers are told, and kills what is left at the second. */
export function listenForStop(reasonOf: (signal: string) => string | undefined): Stopping {
  const asked = new AbortController();
  const forced = new AbortController();
  let first: NodeJS.Signals | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (first !== undefined) return forced.abort();
    first = signal;
    asked.abort(reasonOf(signal));
    return undefined;
  };
  const names: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', ...(isHangUpIgnored() ? [] : (['SIGHUP'] as const))];
  for (const name of names) process.on(name, onSignal);
  return {
    asked: asked.signal,
    forced: forced.signal,
    get signal() {
      return first;
    },
    dispose() {
      // What was stopped says so by its exit code, also where another signal comes while it closes.
      if (first !== undefined) return;
      for (const name of names) process.off(name, onSignal);
    },
  };
}

/** The exit code of what a signal stopped. */
export function stoppedBy(signal: NodeJS.Signals | undefined): number {
  if (signal === 'SIGHUP') return EXIT.hungUp;
  return signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated;
}

/** Something that was watched to its end, and the signal that stopped it. */
interface Watched<Result> {
  readonly result: Result;
  readonly signal: NodeJS.Signals | undefined;
}

/** Shows on the terminal how something runs, and stops it at signals. */
export async function watched<Result>(
  invocation: Invocation,
  options: Watching,
  stopping: string,
  start: (watch: WatchOptions) => PromiseLike<Result>,
): Promise<Watched<Result>> {
  const stop = listenForStop((signal) => `${signal}: ${stopping}`);
  try {
    return { result: await shown(invocation, options, stop, start), signal: stop.signal };
  } finally {
    stop.dispose();
  }
}

/** Shows on the terminal how something runs, which others stop. */
export async function shown<Result>(
  invocation: Invocation,
  options: Watching,
  { asked, forced }: Pick<Stopping, 'asked' | 'forced'>,
  start: (watch: WatchOptions) => PromiseLike<Result>,
): Promise<Result> {
  const reporter = await openReporter(invocation, options);
  const onEvent = (event: Event): void => reporter.report(event);
  const result = await start({ jobs: options.jobs, noWait: options.noWait, onEvent, signal: asked, killSignal: forced });
  await reporter.close();
  return result;
}

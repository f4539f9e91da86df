import type { Event } from '../model/event.ts';
import type { SweepEvent } from '../model/sweep-event.ts';
import type { Attached, AttachOptions, Past } from '../project/project.ts';
import { sweepJson } from '../reporters/sweep/table.ts';
import { type Answer, answer, EXIT, exitCodeOf, jsonLine, problemJson, refusal } from './answer.ts';
import { namedStore } from './chosen-pipeline.ts';
import { nextLines } from './next-lines.ts';
import { told } from './run.ts';
import { sweepAnswer } from './sweep-answer.ts';
import { flag, type Invocation, verb } from './verb.ts';
import { listenForStop, openReporter, stoppedBy, verbose, type Watching } from './watching.ts';

/** `stillroom attach`: watches a run or a sweep that another process executes. */
export default verb({
  name: 'attach',
  arguments: ['[live-run]'],
  about: 'watch a run or a sweep that goes on elsewhere, until it ends',
  example: 'stillroom attach',
  examples: ['stillroom attach @latest --verbose'],
  detail:
    'From any terminal, and any machine that sees the store; without a name the only one that lives. What happened before is told in short. Ctrl-C ends the watching and nothing else. The exit code is that of the run (143 where it was stopped). With `--json` each event is a line of JSON; the last line is what `run --json` prints.',
  options: {
    verbose,
    plain: flag('--plain', 'lines instead of the live view'),
  },
  async run({ 'live-run': word, ...options }, invocation) {
    const project = await invocation.open();
    const stop = listenForStop(() => undefined);
    const watcher = await openWatcher(invocation, options);
    const { asked: signal } = stop;
    const attached = await project.live.attach(word, { signal, ...watcher.options });
    await watcher.close();
    stop.dispose();
    if (!attached.ok) return refusal(attached.problems);
    const shown = { ...invocation, store: await namedStore(project, invocation) };
    if (stop.signal !== undefined && isLive(attached.value)) return left(attached.value, stop.signal, shown);
    return ended(attached.value, shown);
  },
});

interface Watcher {
  readonly options: Pick<AttachOptions, 'onPast' | 'onEvent' | 'onSweepEvent'>;
  close(): Promise<void>;
}

/** Who is told what happens: programs all of it, people as `run` and `sweep` do. */
async function openWatcher(invocation: Invocation, options: Pick<Watching, 'plain' | 'verbose'>): Promise<Watcher> {
  if (invocation.json) {
    const write = (event: Event | SweepEvent): void => void invocation.stdout.write(jsonLine({ ...event, record: undefined }));
    const onPast = ({ events }: Past): void => events.forEach(write);
    return { options: { onPast, onEvent: write, onSweepEvent: write }, close: async () => undefined };
  }
  const { watcherFor } = await import('./sweep-watcher.ts');
  const reporter = await openReporter(invocation, options);
  const sweep = watcherFor(invocation, options);
  return {
    options: {
      onPast(past) {
        if (past.kind === 'run') reporter.catchUp?.(past.events);
        else sweep.catchUp?.(past.events);
      },
      onEvent: (event) => reporter.report(event),
      onSweepEvent: (event) => sweep.report(event),
    },
    close() {
      sweep.close?.();
      return reporter.close();
    },
  };
}

function isLive(attached: Attached): boolean {
  return attached.kind === 'run' ? attached.result.record.state === 'live' : attached.sweep.state === 'live';
}

function idOf(attached: Attached): string {
  return attached.kind === 'run' ? attached.result.record.id : attached.sweep.sweep;
}

function dataOf(attached: Attached, invocation: Invocation): object | undefined {
  if (attached.kind === 'run') return told(attached.result, [], invocation).data;
  const { result, files, state } = attached.sweep;
  return { ...sweepJson(result, files), state };
}

/** What is watched no longer, and goes on. */
function left(attached: Attached, signal: NodeJS.Signals, invocation: Invocation): Answer {
  const id = idOf(attached);
  const lines = [
    `the ${attached.kind} ${id} goes on`,
    ...nextLines(invocation, [
      ['attach', id],
      ['stop', id],
    ]),
  ];
  return answer(dataOf(attached, invocation) ?? {}, lines, { exit: stoppedBy(signal) });
}

/** How what was watched ended. */
export function ended(attached: Attached, invocation: Invocation): Answer {
  if (attached.kind === 'run') {
    const { record, problems } = attached.result;
    const exit = record.state === 'done' ? EXIT.done : record.state === 'cancelled' ? EXIT.terminated : exitCodeOf(problems);
    return { ...told(attached.result, nextLines(invocation, [['show', record.id]]), invocation), exit };
  }
  const { problems, sweep } = attached;
  const { result, files, state } = sweep;
  const isFruitless = result.trials.length > 0 && result.trials.every((trial) => trial.state !== 'done');
  const whole = state === 'stopped' ? EXIT.terminated : isFruitless ? EXIT.stageFailed : EXIT.done;
  const exit = problems.length > 0 ? exitCodeOf(problems) : whole;
  const lines = sweepAnswer({ result, files, isLive: state === 'live' }, invocation, { all: false });
  const error = problems.length > 0 ? { error: problemJson(problems) } : {};
  return answer({ ...dataOf(attached, invocation), ...error }, lines, { exit, problems });
}

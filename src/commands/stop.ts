import type { Event } from '../model/event.ts';
import { answer, rawAnswer, refusal } from './answer.ts';
import { ended } from './attach.ts';
import { flag, verb } from './verb.ts';
import { listenForStop, openReporter, stoppedBy } from './watching.ts';

/** Milliseconds after which it is said that what was asked to end has not. */
const PATIENCE = 30_000;

const STILL_RUNS = 'it has not ended yet: what runs may take its time to save; stillroom stop --force leaves it none\n';

/** Whether an event tells how a run comes to its end: what never began are most of many nodes, and are counted in its record. */
function isOfEnding(event: Event): boolean {
  return event.type === 'notice' || (event.type === 'node-ended' && event.outcome.state !== 'skipped');
}

/** `stillroom stop`: ends a run or a sweep that another process executes. */
export default verb({
  name: 'stop',
  arguments: ['[live-run]'],
  about: 'end a run or a sweep that goes on elsewhere, as Ctrl-C does',
  example: 'stillroom stop 20261127T082210',
  examples: ['stillroom stop --force'],
  detail:
    'What runs may save its checkpoint; then it is waited for. The word travels by the store, so it may be executed on any machine that sees it. Without a name the only one that lives is meant.',
  options: { force: flag('--force', 'leave what runs no time: as a second Ctrl-C') },
  async run({ 'live-run': word, force }, invocation) {
    const project = await invocation.open();
    const told = await project.live.stop(word, force ? 'kill' : 'ask');
    if (!told.ok) return refusal(told.problems);
    const { kind, id, wasLive } = told.value;
    if (!wasLive) return answer({ [kind]: id, stopped: false }, [`the ${kind} ${id} does not run`]);
    const { json, stderr } = invocation;
    if (!json) stderr.write(`the ${kind} ${id} is told to stop; Ctrl-C waits for it no longer\n`);
    const reporter = await openReporter(invocation, { plain: true, verbose: false });
    const stop = listenForStop(() => undefined);
    const sweep = (await import('./sweep-watcher.ts')).watcherFor(invocation, { plain: true, verbose: false });
    const onEvent = (event: Event): void => {
      if (isOfEnding(event)) reporter.report(event);
    };
    const watch = json ? {} : { onEvent, onSweepEvent: sweep.report.bind(sweep) };
    const waiting = setTimeout(() => json || stderr.write(STILL_RUNS), PATIENCE);
    const attached = await project.live.attach(id, { signal: stop.asked, ...watch });
    clearTimeout(waiting);
    stop.dispose();
    await reporter.close();
    if (!attached.ok) return refusal(attached.problems);
    if (stop.signal !== undefined)
      return rawAnswer({ [kind]: id, stopped: null }, `the ${kind} ${id} ends without being waited for\n`, stoppedBy(stop.signal));
    const { data, ...how } = ended(attached.value, invocation);
    return { ...how, data: { ...data, stopped: true }, problems: [], exit: 0 };
  },
});

import { broadcast, type Event, type Happening, type Watcher } from '../model/event.ts';
import type { Store } from '../model/store.ts';
import { JsonLinesReporter } from '../reporters/jsonl.ts';
import { onLostEvents } from './lost-events.ts';
import { newRunId } from './run-id.ts';

/** A new run's id, and who is told of it: the callers, and the file of events. */
export function openEvents(
  store: Store,
  onEvent: ((event: Event) => void) | undefined,
  emit: (event: Event) => void,
): { readonly id: string; readonly told: readonly Watcher[]; readonly kept: JsonLinesReporter } {
  const id = newRunId(store.runs.ids()[0]);
  const told = [{ report: (event: Event) => onEvent?.(event) }, { report: emit }];
  return { id, told, kept: new JsonLinesReporter(store.runs.appendEvents(id, onLostEvents(broadcast<Happening>(told)))) };
}

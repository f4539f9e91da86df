import type { Stop } from '../model/executor.ts';
import type { StopWords } from '../model/stop-word.ts';

/** Milliseconds between two looks for a word. */
const PAUSE = 1000;

/** Stops a run or a sweep also where someone tells it so by the store. To be ended with it. */
export function alsoStoppedBy(words: StopWords, id: string, { asked, forced }: Stop): { readonly stop: Stop; readonly end: () => void } {
  const told = { asked: new AbortController(), forced: new AbortController() };
  const listener = words.listen(id);
  const look = (): void => {
    const heard = listener.read();
    if (heard === undefined) return;
    told.asked.abort(`${heard.by} said stop: what runs may save its checkpoint`);
    if (heard.word === 'kill') told.forced.abort();
  };
  const timer = setInterval(look, PAUSE).unref();
  return {
    stop: { asked: AbortSignal.any([asked, told.asked.signal]), forced: AbortSignal.any([forced, told.forced.signal]) },
    end() {
      clearInterval(timer);
      listener.close();
    },
  };
}

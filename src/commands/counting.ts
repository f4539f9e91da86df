import type { Invocation } from './verb.ts';
import { mayDraw } from './watching.ts';

/** A count that is drawn anew in its place while something long is done. */
export interface Counting {
  readonly show: (done: number, total: number) => void;
  /** Takes it away. */
  clear(): void;
}

/** Shows how far something is, on a terminal only. */
export function showCount(invocation: Invocation, what: string): Counting {
  if (invocation.json || !mayDraw(invocation, { plain: false, verbose: false })) return { show: () => {}, clear: () => {} };
  let isDrawn = false;
  return {
    show(done, total) {
      invocation.stderr.write(`\r${done}/${total} ${what}`);
      isDrawn = true;
    },
    clear() {
      if (isDrawn) invocation.stderr.write('\r\u001b[K');
      isDrawn = false;
    },
  };
}

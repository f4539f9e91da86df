import { bytesText } from '../text/amounts.ts';
import { printableLine } from '../text/printable.ts';
import { plainText } from '../text/styled.ts';
import { wrapBelow } from '../text/wrapped.ts';
import { columnsOf } from './terminal.ts';
import type { Output } from './verb.ts';

/** Milliseconds between two looks at what has travelled. */
const OFTEN = 200;

/** Who watches what travels: notices as they come, and on a terminal how much has travelled. */
export interface Transfer {
  readonly onNotice: (message: string) => void;
  readonly onBytes: (bytes: number) => void;
  /** Takes away what stands on the terminal. */
  end(): void;
}

/** Tells on the standard error output what travels; `verb`: what is done with it. */
export function transfer(stderr: Output, verb: 'sent' | 'fetched'): Transfer {
  let [bytes, told] = [0, 0];
  const clear = (): void => void (stderr.isTTY === true && told > 0 && stderr.write('\r\u001b[K'));
  return {
    onNotice(message) {
      clear();
      for (const line of wrapBelow(`! ${printableLine(message)}`, columnsOf(stderr), 2)) stderr.write(`${plainText(line)}\n`);
    },
    onBytes(more) {
      bytes += more;
      const now = Date.now();
      if (stderr.isTTY !== true || now - told < OFTEN) return;
      told = now;
      stderr.write(`\r\u001b[K… ${bytesText(bytes)} ${verb}`);
    },
    end: clear,
  };
}

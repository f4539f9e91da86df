import { closeSync, readFileSync, readlinkSync } from 'node:fs';
import { isatty } from 'node:tty';

/**
 * Whether this command was started by nohup. Node takes back that a signal is ignored, so it is told by what nohup makes of a terminal as
 * standard input: /dev/null that can only be written to.
 */
export function isHangUpIgnored(): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync('/proc/self/fdinfo/0', 'utf8'))?.[1] ?? '0';
    return (Number.parseInt(flags, 8) & 3) === 1 && readlinkSync('/proc/self/fd/0') === '/dev/null';
  } catch {
    // No such system, or no standard input.
    return false;
  }
}

/** The columns of a terminal, as far as it says how many; undefined where lines may be of any length: in a file, or for a program. */
export function columnsOf({ isTTY, columns = 0 }: { readonly isTTY?: boolean; readonly columns?: number }): number | undefined {
  return isTTY === true && columns > 0 ? columns : undefined;
}

/**
 * Prepares for the end of the terminal that this command has: under nohup nothing happens then, and where the command ends, Node must not
 * find the terminal gone, since it would abort when it restores its modes.
 */
export function prepareForHangUp(): void {
  if (isHangUpIgnored()) process.on('SIGHUP', () => undefined);
  const terminals = [0, 1, 2].filter((descriptor) => isatty(descriptor));
  if (terminals.length === 0) return;
  process.on('exit', () => {
    for (const descriptor of terminals) if (!isatty(descriptor)) closeSync(descriptor);
  });
}

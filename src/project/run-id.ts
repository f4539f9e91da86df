import { randomBytes } from 'node:crypto';

/** Parts of a second that ids tell apart. */
const PARTS = 256;

/** The time that an id is of, in parts of a second; undefined: it is no id of ours. */
function partsOf(id: string): number | undefined {
  const [, year, month, day, hour, minute, second, part = ''] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)-([0-9a-f]{2})/.exec(id) ?? [];
  const milliseconds = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(milliseconds) ? undefined : (milliseconds / 1000) * PARTS + Number.parseInt(part, 16);
}

/**
 * A run's id: the second, then in hexadecimal the 256th of it and a random number. So ids sort by time even within a second. It is later
 * than that of the newest run before it, also where the clock was set back: what is newest and what may go is told by the order of ids.
 */
export function newRunId(newest: string | undefined, now: number = Date.now()): string {
  const before = newest === undefined ? undefined : partsOf(newest);
  const parts = Math.max(Math.floor((now * PARTS) / 1000), before === undefined ? 0 : before + 1);
  const second = new Date(Math.floor(parts / PARTS) * 1000).toISOString().replaceAll(/[-:]/g, '').slice(0, 15);
  return `${second}-${(parts % PARTS).toString(16).padStart(2, '0')}${randomBytes(2).toString('hex')}`;
}

import { randomBytes } from 'node:crypto';

/** A run's id: the second, then in hexadecimal the 256th of it and a random number. So ids sort by time even within a second. */
export function newRunId(): string {
  const now = new Date();
  const part = Math.floor((now.getUTCMilliseconds() * 256) / 1000)
    .toString(16)
    .padStart(2, '0');
  return `${now.toISOString().replaceAll(/[-:]/g, '').slice(0, 15)}-${part}${randomBytes(2).toString('hex')}`;
}

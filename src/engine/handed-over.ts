import { ATTRIBUTES_SINCE } from '../model/run.ts';

/**
 * Values by name as a work is given them. Names are without order, in a file as in a declaration, so they are sorted: no work can see what
 * its fingerprint does not hold. To works of the first format they were given as they are written.
 */
export function handedOver<Value>(members: Readonly<Record<string, Value>>, format: number): Record<string, Value> {
  const entries = Object.entries(members);
  return Object.fromEntries(format < ATTRIBUTES_SINCE ? entries : entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

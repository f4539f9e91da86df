import { legalFileName } from '../files/file-name.ts';
import { pointText } from '../model/instance-name.ts';
import type { Key } from '../model/pipeline.ts';
import { ATTRIBUTES_SINCE } from '../model/run.ts';

/**
 * Values by name as a work is given them. Names are without order, in a file as in a declaration, so they are sorted: no work can see what
 * its fingerprint does not hold. To works of the first format they were given as they are written.
 */
export function handedOver<Value>(members: Readonly<Record<string, Value>>, format: number): Record<string, Value> {
  const entries = Object.entries(members);
  return Object.fromEntries(format < ATTRIBUTES_SINCE ? entries : entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What an element of a list of inputs is called in the folder of all of them; empty where it has no point. In the first format two could share a name. */
export function elementName(key: Key, format: number): string {
  if (format >= ATTRIBUTES_SINCE) return legalFileName(pointText(key));
  const values = Object.entries(key).map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return values.join(',').replaceAll('/', '%2f');
}

import type { Verb } from './verb.ts';
import { verbs } from './verbs.ts';

/** What the list of all verbs shows of one. */
export type Summary = Pick<Verb, 'name' | 'arguments' | 'about'>;

/** The summaries of all verbs, in the order of help. Building makes of this module what it returns, as data: so help loads no verb. */
export async function summaries(): Promise<readonly Summary[]> {
  const loaded = await Promise.all(Object.values(verbs).map((load) => load()));
  return loaded.map(({ default: { name, arguments: given, about } }) => ({ name, arguments: given, about }));
}

import type { OptionSummary, Verb } from './verb.ts';
import { groups, verbs } from './verbs.ts';

/** What they show of a verb. */
export interface Summary extends Pick<Verb, 'name' | 'arguments' | 'about' | 'detail'> {
  /** The title of the verbs that it stands among. */
  readonly group: string;
  /** Lines that show it at work. */
  readonly examples: readonly string[];
  readonly options: readonly OptionSummary[];
}

function summaryOf({ name, arguments: given, about, detail, example, examples = [], options }: Verb): Summary {
  const group = groups.find((one) => one.verbs.includes(name)) ?? groups.at(-1);
  const told = Object.values(options).map(({ flag, about: what, repeatable, words }) => ({
    ...{ flag, about: what, repeatable },
    ...(words === undefined ? {} : { words }),
  }));
  const more = detail === undefined ? {} : { detail };
  return { name, arguments: given, about, group: group?.title ?? '', examples: [example, ...examples], options: told, ...more };
}

/** The summaries of all verbs, in the order of help. Building makes of this module what it returns, as data: so help loads no verb. */
export async function summaries(): Promise<readonly Summary[]> {
  const loaded = await Promise.all(Object.values(verbs).map((load) => load()));
  return loaded.map(({ default: verb }) => summaryOf(verb));
}

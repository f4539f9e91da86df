/** A stage's work used a name that its declaration does not have. */
export class UndeclaredName extends Error {
  readonly used: string;
  readonly known: readonly string[];

  constructor(message: string, used: string, known: readonly string[]) {
    super(message);
    this.used = used;
    this.known = known;
  }
}

/** What is asked of any object by the language itself, and says nothing of a slip. */
const ASKED = new Set<string | symbol>(['then', 'toJSON']);

/**
 * The members of `values` in an object that refuses to be asked for any other name, but for those of `absent`: they may be asked for and are
 * undefined. `what` names the object to its user. The refusal sits in the prototype, so the object is copied, written as JSON, spread and
 * sent to a thread as any plain one is.
 */
export function refusingOthers<Value extends object>(what: string, values: Value, absent: readonly string[] = []): Value {
  const known = [...new Set([...Object.keys(values), ...absent])];
  const prototype = new Proxy(
    {},
    {
      get(target, name, asked) {
        if (typeof name === 'symbol' || ASKED.has(name) || name in target || known.includes(name)) return Reflect.get(target, name, asked);
        throw new UndeclaredName(`the work reads ${what}.${name}, which is not declared`, name, known);
      },
    },
  );
  return Object.assign(Object.create(prototype) as Value, values);
}

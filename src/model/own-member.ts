/** A mapping's own member; undefined where it has none, whatever every object has by that name (`constructor`, `toString`). */
export function ownMember<Value>(mapping: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(mapping, name) ? mapping[name] : undefined;
}

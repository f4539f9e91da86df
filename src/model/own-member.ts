/** A mapping's own member; undefined where it has none or is missing itself, whatever every object has by that name (`constructor`, `toString`). */
export function ownMember<Value>(mapping: Readonly<Record<string, Value>> | null | undefined, name: string): Value | undefined {
  return mapping != null && Object.hasOwn(mapping, name) ? mapping[name] : undefined;
}

import { shown } from './lines.ts';

/** A key without a value that is none: `uses:x`, `uses=x`, or what follows the comma of a text or number (`before`) that has no quotes. */
export function glued(key: string, before: string): { readonly message: string; readonly at: number; readonly hint: string } | undefined {
  const [, name, sign = '', value = ''] = /^([\w.-]+)(:|\s*=\s*)(\S.*)$/.exec(key) ?? [];
  if (name !== undefined) {
    const message = sign === ':' ? 'a space is missing after the colon' : 'a sign of equality stands where a colon must';
    return { message, at: name.length, hint: `write ${shown(`${name}: ${value}`)}` };
  }
  if (/^\d+$/.test(key) && /^[-+]?\d+$/.test(before))
    return { message: 'a number is written with a point', at: 0, hint: `write ${before}.${key}` };
  if (before.includes('(') && !before.includes(')') && key.endsWith(')'))
    return { message: 'a text with a comma needs quotes here', at: 0, hint: `quote it: "${shown(`${before}, ${key}`)}"` };
  return undefined;
}

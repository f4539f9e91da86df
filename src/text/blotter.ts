import { inspect } from 'node:util';

/** Letters of the shortest secret that can be told from other text. */
export const SHORTEST_SECRET = 4;

/** Letters from which a secret is also looked for in encodings; a shorter one would be found where it is not. */
const SHORTEST_ENCODED = 8;

const BLOT = '[secret]';

/** The part of a secret's base64 that is the same whatever stands before and behind it, by how many bytes stand before it. */
function base64Of(secret: string, encoding: 'base64' | 'base64url'): string[] {
  const bytes = Buffer.from(secret);
  return [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString(encoding);
    const start = Math.ceil((before * 8) / 6);
    return text.slice(start, Math.floor(((before + bytes.length) * 8) / 6));
  });
}

/** How a secret may look in a text: itself, each of its lines, and as JSON, a quoted text, a part of a URL, base64 or hexadecimal have it. */
function formsOf(secret: string): string[] {
  const lines = secret.split(/\r\n|[\r\n]/);
  const plain = [secret, ...lines, ...lines.map((line) => line.trim())];
  const escaped = [JSON.stringify(secret).slice(1, -1), inspect(secret).slice(1, -1)];
  if (secret.length < SHORTEST_ENCODED) return [...plain, ...escaped];
  const url = secret.isWellFormed() ? encodeURIComponent(secret) : secret;
  const urls = [url, url.replaceAll('%20', '+'), url.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()), encodeURI(url)];
  const hex = Buffer.from(secret).toString('hex');
  return [...plain, ...escaped, ...urls, ...base64Of(secret, 'base64'), ...base64Of(secret, 'base64url'), hex, hex.toUpperCase()];
}

/** Blots secrets out of what a program says, in the forms in which they are likely to stand there. */
export class Blotter {
  /** Letters of the longest form: so much must be kept back of a text that goes on. */
  readonly longest: number;
  private readonly forms: readonly string[];

  /** @param secrets Those of fewer than four letters, and empty ones, are left alone. */
  constructor(secrets: readonly string[]) {
    const all = secrets.filter((secret) => secret.trim().length >= SHORTEST_SECRET).flatMap(formsOf);
    this.forms = [...new Set(all)].filter((form) => form.trim().length >= SHORTEST_SECRET);
    this.longest = Math.max(0, ...this.forms.map(({ length }) => length));
  }

  /** A text without secrets. Of some that overlap in it, nothing is left. */
  clean(text: string): string {
    const found = this.forms.flatMap((form) => {
      const places: (readonly [from: number, to: number])[] = [];
      for (let at = text.indexOf(form); at !== -1; at = text.indexOf(form, at + 1)) places.push([at, at + form.length]);
      return places;
    });
    if (found.length === 0) return text;
    found.sort(([a], [b]) => a - b);
    let [clean, end] = ['', 0];
    for (const [from, to] of found) {
      if (from >= end) clean += text.slice(end, from) + BLOT;
      end = Math.max(end, to);
    }
    return clean + text.slice(end);
  }

  /** The same for all texts of a value, the names of members among them. */
  cleanAll<Value>(value: Value): Value {
    return (this.forms.length === 0 ? value : this.cleaned(value)) as Value;
  }

  /** The same for some members of a mapping. */
  cleanMembers<Whole extends object>(value: Whole, ...names: readonly (keyof Whole & string)[]): Whole {
    const cleaned = names.flatMap((name) => (name in value ? [[name, this.cleanAll(value[name])] as const] : []));
    return { ...value, ...Object.fromEntries(cleaned) };
  }

  private cleaned(value: unknown): unknown {
    if (typeof value === 'string') return this.clean(value);
    if (Array.isArray(value)) return value.map((one) => this.cleaned(one));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [this.clean(name), this.cleaned(member)]));
  }
}

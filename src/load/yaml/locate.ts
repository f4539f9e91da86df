import { isObject } from '../../files/json.ts';
import { canonicalJson } from '../../model/canonical.ts';
import type { Json } from '../../model/json.ts';
import type { Problem } from '../../model/problem.ts';
import { pointerNames, pointerStep } from '../../text/json-pointer.ts';
import type { Side, YamlText } from './document.ts';
import type { ProblemCode } from '../../model/problem-codes.ts';

/** A text that is one reference as a whole, with dots to a part. */
const REFERENCE = /^\$([A-Za-z_][\w-]*)((?:\.[\w-]+)*)$/;

/** The value that a pointer leads to, and those around it on the way. */
function* valuesTo(value: Json, pointer: string): Generator<{ readonly pointer: string; readonly value: Json | undefined }> {
  let at: Json | undefined = value;
  let way = '';
  for (const name of pointer === '' ? [] : pointerNames(pointer)) {
    at = at !== null && typeof at === 'object' ? (at as Readonly<Record<string, Json>>)[name] : undefined;
    way += pointerStep(name);
    yield { pointer: way, value: at };
  }
}

/** What is wrong about a value. */
interface WrongValue {
  readonly message: string;
  readonly pointer: string;
  /** What the value is called there. */
  readonly name: string;
  readonly value: Json | undefined;
  readonly hint: string;
}

/** Where the values of a pipeline came from: the file, or a `--set` option. */
export class Locate {
  /** The option that gave the value at a pointer. */
  readonly options: Map<string, string>;
  /** How numbers are written, by JSON pointer, where JSON would write them otherwise. */
  readonly written: Map<string, string>;
  private readonly text: YamlText;

  constructor(text: YamlText, options: Iterable<readonly [pointer: string, option: string]> = [], written = new Map(text.written)) {
    this.text = text;
    this.options = new Map(options);
    this.written = written;
  }

  /** The same, with values at more pointers from options. */
  withOptions(more: Iterable<readonly [pointer: string, option: string]>): Locate {
    return new Locate(this.text, [...this.options, ...more], this.written);
  }

  /** A problem at a pointer, or at the nearest thing around it that stands in the file. */
  problem(code: ProblemCode, message: string, pointer: string, side: Side = 'value', hint?: string, needle?: string): Problem {
    const extra = hint === undefined ? {} : { hint };
    let at = pointer;
    for (;;) {
      const option = this.options.get(at);
      if (option !== undefined) return { kind: 'usage', code, message: `${message} (from ${option})`, ...extra };
      const place = this.text.place(at, at === pointer ? side : 'key', needle);
      if (place !== undefined) return { kind: 'pipeline', code, message, place, ...extra };
      const cut = at.lastIndexOf('/');
      if (cut < 0) return { kind: 'pipeline', code, message, place: { file: this.text.file, line: 1, column: 1, excerpt: '' }, ...extra };
      at = at.slice(0, cut);
    }
  }

  /**
   * Where the value at a pointer is written: in the place of a reference, at the param or the matrix value that it stands for. Undefined where
   * it stands at the pointer itself.
   */
  origin(pointer: string, value: Json | undefined): { readonly pointer: string; readonly name: string } | undefined {
    for (const { pointer: way, value: raw } of valuesTo(this.text.value, pointer)) {
      if (this.options.has(way)) return undefined;
      const [, name, dots = ''] = (typeof raw === 'string' ? REFERENCE.exec(raw) : null) ?? [];
      if (name === undefined) continue;
      const part = dots.split('.').slice(1).map(pointerStep).join('');
      const rest = part + pointer.slice(way.length);
      const param = `/params${pointerStep(name)}`;
      const file = isObject(this.text.value) ? this.text.value : {};
      if (isObject(file['params']) && Object.hasOwn(file['params'], name)) return { pointer: param + rest, name: name + dots };
      const node = /^\/stages\/[^/]+/.exec(way)?.[0] ?? '';
      const matrix = [...valuesTo(this.text.value, `${node}/matrix${pointerStep(name)}`)].at(-1)?.value;
      const index =
        Array.isArray(matrix) && value !== undefined ? matrix.findIndex((one: Json) => canonicalJson(one) === canonicalJson(value)) : -1;
      return index === -1 || rest !== '' ? undefined : { pointer: `${node}/matrix${pointerStep(name)}/${index}`, name };
    }
    return undefined;
  }

  /** A problem of a value, at the place where the value is written, and where it is used if that is elsewhere. */
  valueProblem(code: ProblemCode, { message, pointer, name, value, hint }: WrongValue): Problem {
    const origin = this.origin(pointer, value);
    if (origin === undefined) return this.problem(code, message, pointer, 'value', hint);
    const used = this.text.place(pointer, 'value');
    const node = /^\/stages\/([^/]+)\/with/.exec(pointer)?.[1];
    const where = used === undefined ? '' : ` (line ${used.line})`;
    const whose = node === undefined ? `"${name}"` : `${node}.${name}`;
    const own = message.startsWith(`"${name}"`) ? `"${origin.name}"${message.slice(name.length + 2)}` : message;
    return this.problem(code, own, origin.pointer, 'value', `${hint}; it is ${whose}${where}`);
  }
}

import type { Problem } from '../../model/problem.ts';
import type { Side, YamlText } from './document.ts';
import type { ProblemCode } from '../../model/problem-codes.ts';

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
}

import { shorten } from '../../text/shorten.ts';
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import type { Json } from '../../model/json.ts';
import { MOST_PROBLEMS, type Place, type Problem } from '../../model/problem.ts';
import { pointerStep } from '../../text/json-pointer.ts';
import { findTooMuch, LARGEST_FILE } from './nesting.ts';
import { losesDigits } from './number.ts';
import { readPlain } from './plain.ts';
import { glued } from './glued.ts';
import { explainSyntax } from './syntax.ts';
import type { ProblemCode } from '../../model/problem-codes.ts';

/** Aliases may not blow a document up: so many values may be reached through them. */
const MOST_ALIASED_VALUES = 10_000;

/** Which side of a mapping entry a place points to. */
export type Side = 'key' | 'value';

/** A YAML file as plain values, with the place of each. */
export interface YamlText {
  readonly file: string;
  readonly value: Json;
  readonly problems: readonly Problem[];
  /** How numbers are written, by JSON pointer, where JSON would write them otherwise: `3.10`, `12e45`, `0x1F`. */
  readonly written: ReadonlyMap<string, string>;
  /** The text, where it is written as plainly as nearly all are. */
  readonly plain?: string;
  /** The place of a value or its key, by JSON pointer, or of the first `needle` in it; undefined where the file does not hold it. */
  place(pointer: string, side?: Side, needle?: string): Place | undefined;
}

class Reader {
  readonly problems: Problem[] = [];
  readonly offsets = new Map<string, { key?: number; value: number }>();
  readonly written = new Map<string, string>();
  readonly lines = new LineCounter();
  readonly file: string;
  readonly text: string;
  readonly document: Document.Parsed;
  /** What each anchor stands for, of those read so far. */
  private readonly anchors = new Map<string, unknown>();
  aliased = 0;

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
    // The parser compares each key with all others; `readMap` looks them up.
    const options = { lineCounter: this.lines, intAsBigInt: true, merge: false, prettyErrors: false, uniqueKeys: false } as const;
    this.document = parseDocument(text, { ...options, version: '1.2' });
  }

  placeAt(offset: number): Place {
    const { line, col } = this.lines.linePos(offset);
    const start = this.lines.lineStarts[line - 1] ?? 0;
    const end = this.text.indexOf('\n', start);
    const excerpt = this.text.slice(start, end === -1 ? undefined : end).replace(/\r$/, '');
    return { file: this.file, line: Math.max(line, 1), column: Math.max(col, 1), excerpt };
  }

  complain(code: ProblemCode, message: string, offset: number, hint?: string): void {
    if (this.problems.length >= MOST_PROBLEMS) return;
    this.problems.push({ kind: 'pipeline', code, message, place: this.placeAt(offset), ...(hint === undefined ? {} : { hint }) });
  }

  /** A node begins after its tag. */
  private tagOffset(node: number): number {
    let at = this.text.lastIndexOf('!', node);
    while (this.text[at - 1] === '!') at -= 1;
    return Math.max(0, at);
  }

  read(node: unknown, pointer: string, open: ReadonlySet<unknown>): Json {
    if (this.aliased > MOST_ALIASED_VALUES) return null;
    if (open.size > 0) this.aliased += 1;
    if (this.aliased > MOST_ALIASED_VALUES) {
      this.complain('yaml-too-large', 'aliases blow this document up beyond 10,000 values', 0, 'write values out in place of aliases');
      return null;
    }
    const offset = (node as Node | null)?.range?.[0] ?? this.offsets.get(pointer)?.key ?? 0;
    this.offsets.set(pointer, { ...this.offsets.get(pointer), value: offset });
    if (node === null || node === undefined) return null;
    if (isAlias(node)) return this.readAlias(node, pointer, open, offset);
    const { anchor } = node as { anchor?: string };
    if (anchor !== undefined && open.size === 0) this.anchors.set(anchor, node);
    const tag = (node as Node & { tag?: string }).tag;
    if (tag !== undefined)
      this.complain(
        'yaml-tag',
        `the tag ${tag} is not allowed here`,
        this.tagOffset(offset),
        'remove the tag; quote the text if it begins with "!"',
      );
    if (isMap(node)) return this.readMap(node.items, pointer, open);
    if (isSeq(node)) return node.items.map((item, index) => this.read(item, pointer + pointerStep(index), open));
    if (!isScalar(node)) return null;
    const { value, source } = node;
    return typeof value === 'bigint' || typeof value === 'number'
      ? this.readNumber(value, source ?? '', pointer, offset)
      : this.readText(value, offset);
  }

  private readAlias(
    node: Parameters<typeof isAlias>[0] & { source: string },
    pointer: string,
    open: ReadonlySet<unknown>,
    offset: number,
  ): Json {
    const target = this.anchors.get(node.source);
    if (target === undefined || open.has(target)) {
      this.complain(
        'yaml-alias',
        `the alias *${node.source} ${target === undefined ? 'has no anchor' : 'contains itself'}`,
        offset,
        'write the value out',
      );
      return null;
    }
    return this.read(target, pointer, new Set([...open, target]));
  }

  private readMap(items: readonly { key: unknown; value: unknown }[], pointer: string, open: ReadonlySet<unknown>): Json {
    const members = new Map<string, Json>();
    let before = '';
    for (const { key, value } of items) {
      const offset = (key as Node | null)?.range?.[0] ?? 0;
      const plain = isScalar(key) ? key.value : undefined;
      if (plain === undefined || plain === null) {
        this.complain(
          'yaml-key',
          'a key must be a plain text',
          offset,
          'a "$" before "{" needs quotes in {…} and […] style: write "${name}"',
        );
        continue;
      }
      const name = String(plain);
      this.checkText(name, offset);
      const stuck = value === null && isScalar(key) && key.type === 'PLAIN' ? glued(name, before) : undefined;
      before = isScalar(value) ? (value.source ?? '') : '';
      if (stuck !== undefined) {
        this.complain('yaml-syntax', stuck.message, offset + stuck.at, stuck.hint);
        continue;
      }
      if (name === '<<') {
        this.complain('yaml-merge', 'merge keys are not supported', offset, 'write the values out');
        continue;
      }
      const inner = pointer + pointerStep(name);
      if (members.has(name)) {
        const first = this.lines.linePos(this.offsets.get(inner)?.key ?? 0).line;
        this.complain(
          'yaml-duplicate-key',
          `the key "${shorten(name, 40)}" is given twice`,
          offset,
          `line ${first} gives it already: rename or remove one of the two`,
        );
        continue;
      }
      this.offsets.set(inner, { key: offset, value: offset });
      members.set(name, this.read(value, inner, open));
    }
    return Object.fromEntries(members);
  }

  private readNumber(value: bigint | number, source: string, pointer: string, offset: number): Json {
    const hint = 'quote it to keep it as a text';
    const shown = shorten(source, 60);
    if (typeof value === 'bigint' && (value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER))) {
      this.complain('yaml-integer', `the integer ${shown} is beyond ±2^53 and would lose digits`, offset, hint);
      return null;
    }
    const number = Number(value);
    if (!Number.isFinite(number)) {
      this.complain('yaml-number', `${shown} is not a finite number`, offset, hint);
      return null;
    }
    if (losesDigits(source, number)) {
      this.complain(
        'yaml-number',
        `the number ${shown} cannot be kept as it is written: it would be read as ${JSON.stringify(number)}`,
        offset,
        hint,
      );
      return null;
    }
    // Hexadecimal and octal digits are a way to write an integer; what is written in decimals is meant as it stands.
    if (source !== JSON.stringify(number) && !/^0[xo]/.test(source)) this.written.set(pointer, source);
    return number;
  }

  private readText(value: unknown, offset: number): Json {
    if (typeof value === 'string') this.checkText(value, offset);
    return value as Json;
  }

  /** Half a surrogate pair is no character: no file and no process could be given it. */
  private checkText(text: string, offset: number): void {
    if (!text.isWellFormed())
      this.complain('yaml-syntax', 'this text holds half a character', offset, 'write the whole character in place of its escapes');
  }
}

/** Why a text is not read at all, and where. */
interface Refusal {
  readonly code: ProblemCode;
  readonly message: string;
  /** In the text. */
  readonly offset: number;
  readonly hint: string;
}

/** A YAML file that is refused without being read. */
export function refusedYaml(file: string, text: string, { code, message, offset, hint }: Refusal): YamlText {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const end = text.indexOf('\n', offset);
  const line = text.slice(0, start).split('\n').length;
  const place = { file, line, column: offset - start + 1, excerpt: text.slice(start, end === -1 ? undefined : end).replace(/\r$/, '') };
  const problem: Problem = { kind: 'pipeline', code, message, place, hint };
  return { file, value: null, problems: [problem], written: new Map(), place: () => undefined };
}

/** Reads a YAML text into plain values. Anything that YAML could lose silently (digits, tags, merges, duplicates) is a problem. */
export function readYaml(file: string, text: string): YamlText {
  const plain = text.length > LARGEST_FILE ? undefined : readPlain(text);
  if (plain === undefined) return readWhole(file, text);
  // Places are asked for only where something is wrong. The plain reader has bounded what the text holds.
  let whole: YamlText | undefined;
  return {
    file,
    value: plain,
    plain: text,
    problems: [],
    written: new Map(),
    place(...asked) {
      whole ??= compose(file, text);
      return whole.place(...asked);
    },
  };
}

/** The same, whatever the text holds, and with the places of all that it holds. */
export function readWhole(file: string, text: string): YamlText {
  const tooMuch = findTooMuch(text);
  if (tooMuch !== undefined)
    return refusedYaml(file, text, {
      code: 'yaml-too-large',
      ...tooMuch,
      hint: 'a pipeline file is small: move data into files of its own',
    });
  return compose(file, text);
}

function compose(file: string, text: string): YamlText {
  const reader = new Reader(file, text);
  // Only the first: the parser's later errors mostly follow from it.
  const [error] = reader.document.errors;
  if (error !== undefined) {
    const { message, offset, hint } = explainSyntax(text, error);
    reader.complain('yaml-syntax', `not valid YAML: ${message}`, offset, hint);
  }
  const value = reader.problems.length > 0 ? null : reader.read(reader.document.contents, '', new Set());
  return {
    file,
    value,
    problems: reader.problems,
    written: reader.written,
    place(pointer, side = 'value', needle = '') {
      const offsets = reader.offsets.get(pointer);
      if (offsets === undefined) return undefined;
      const offset = side === 'key' ? (offsets.key ?? offsets.value) : offsets.value;
      return reader.placeAt(Math.max(offset, text.indexOf(needle, offset)));
    },
  };
}

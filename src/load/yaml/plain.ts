import type { Json, JsonObject } from '../../model/json.ts';

/** Values and lines of a file that is read this way, and levels of it: reading what has more is bounded by the lexer's tokens. */
const MOST = { values: 120_000, levels: 60 };

/** What YAML treats in ways of its own anywhere: tabs, carriage returns, marks of byte order, spaces and line ends beyond ASCII, halves of characters. */
const ODD = /[^\n\x20-\x7e\u00a1-\u167f\u1681-\u1fff\u2010-\u2027\u2030-\u205e\u2060-\u2fff\u3001-\ud7ff]/;
/** Marks that begin or end a document, and directives. */
const MARK = /^(?:---|\.\.\.|%)/m;

const KEY = /([A-Za-z_][\w./-]{0,200}):(?=[ \n])/y;
const FLOW_KEY = /(?:([A-Za-z_][\w./-]{0,200}):(?=[ \n])|"([\w ./-]{0,200})":)/y;
const DOUBLE_QUOTED = /"(?:[^"\\\n]|\\["\\/nt])*"/y;
const SINGLE_QUOTED = /'((?:[^'\n]|'')*)'/y;
const LITERAL = /\|(-?) *\n/y;
const LINE = /[^\n]*/y;
const FLOW_WORDS = /(?:[A-Za-z0-9_./$]|-[A-Za-z0-9.])[^,[\]{}:#\n"']*/y;
const REST = / *(?: #[^\n]*)?\n/y;

/** How a text begins that may stand without quotes. */
const FIRST = /^(?:[A-Za-z0-9_./$()]|-[A-Za-z0-9.])/;
const WORD = /^(?:null|true|false)$/i;
const WORDS: ReadonlyMap<string, Json> = new Map<string, Json>([
  ['null', null],
  ['true', true],
  ['false', false],
]);
/** Whatever may be a number. */
const NUMBER = /^(?:-?(?:\.\d+|\d+\.?\d*)(?:e[-+]?\d+)?|0[ox][\da-f]+|-?\.inf|\.nan)$/i;

/** Thrown where a text holds more than this reader is sure of. */
const UNSURE = Symbol('unsure');

/** What words without quotes stand for. */
function scalar(words: string): Json {
  if (WORD.test(words)) {
    const value = WORDS.get(words);
    if (value === undefined) throw UNSURE;
    return value;
  }
  if (!NUMBER.test(words)) return words;
  const number = Number(words);
  // Digits that are lost, and numbers that JSON writes in another way, are for the whole reader to tell of.
  if (!Number.isFinite(number) || String(number) !== words || (Number.isInteger(number) && !Number.isSafeInteger(number))) throw UNSURE;
  return number;
}

/** Reads a text from its beginning to its end; each part leaves it on the first sign of what comes next. */
class PlainReader {
  private readonly text: string;
  private at = 0;
  /** How far the line that is reached is indented; -1 at the end. */
  private column = 0;
  private values = 0;
  private level = 0;

  constructor(text: string) {
    this.text = text;
  }

  read(): JsonObject {
    this.nextLine();
    if (this.column !== 0) throw UNSURE;
    const value = this.mapping(0);
    if (this.at < this.text.length) throw UNSURE;
    return value;
  }

  /** Goes behind what a pattern matches here. */
  private must(pattern: RegExp): RegExpExecArray {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found === null) throw UNSURE;
    this.at = pattern.lastIndex;
    return found;
  }

  private spaces(): void {
    while (this.text[this.at] === ' ') this.at += 1;
  }

  private count(): void {
    this.values += 1;
    if (this.values > MOST.values) throw UNSURE;
  }

  private within<Value>(read: () => Value): Value {
    this.level += 1;
    if (this.level > MOST.levels) throw UNSURE;
    const value = read();
    this.level -= 1;
    return value;
  }

  /** From the beginning of a line to what stands in the next one that holds more than a comment. */
  private nextLine(): void {
    for (;;) {
      const start = this.at;
      this.spaces();
      this.count();
      if (this.text[this.at] === '#') this.must(LINE);
      else if (this.at >= this.text.length) {
        this.column = -1;
        return;
      }
      if (this.text[this.at] !== '\n') {
        this.column = this.at - start;
        return;
      }
      this.at += 1;
    }
  }

  /** Nothing more stands in this line, and the next one belongs to nothing that is further in than a column. */
  private endLine(column: number): void {
    this.must(REST);
    this.nextLine();
    if (this.column > column) throw UNSURE;
  }

  /** Keys at a column, each on a line of its own. */
  private mapping(column: number): JsonObject {
    const members: Record<string, Json> = {};
    do {
      const key = this.must(KEY)[1] ?? '';
      this.take(key, members);
      members[key] = this.value(column, true);
    } while (this.column === column);
    if (this.column > column) throw UNSURE;
    return members;
  }

  /** Two keys of one name, and those with a meaning of their own, are left to the whole reader. */
  private take(key: string, members: Record<string, Json>): void {
    this.count();
    if (WORD.test(key) || key === '__proto__' || Object.hasOwn(members, key)) throw UNSURE;
  }

  private isDash(): boolean {
    return this.text[this.at] === '-' && this.text[this.at + 1] === ' ';
  }

  private sequence(column: number): Json[] {
    const items: Json[] = [];
    do {
      const start = this.at;
      this.at += 1;
      this.spaces();
      KEY.lastIndex = this.at;
      const inner = column + this.at - start;
      items.push(KEY.test(this.text) ? this.within(() => this.mapping(inner)) : this.value(column, false));
    } while (this.column === column && this.isDash());
    if (this.column > column) throw UNSURE;
    return items;
  }

  /** What stands behind a key or a dash at a column. */
  private value(column: number, isMember: boolean): Json {
    this.spaces();
    this.count();
    const sign = this.text[this.at];
    if (sign === '\n' || sign === '#') {
      if (!isMember) throw UNSURE;
      return this.below(column);
    }
    if (sign === '|') return this.literal(column);
    const value = sign === '[' || sign === '{' || sign === '"' || sign === "'" ? this.flow(column) : this.plainLine();
    this.endLine(column);
    return value;
  }

  private below(column: number): Json {
    this.must(LINE);
    this.at += 1;
    this.nextLine();
    if (this.column >= column && this.isDash()) return this.within(() => this.sequence(this.column));
    return this.column > column ? this.within(() => this.mapping(this.column)) : null;
  }

  /** Words up to the end of their line. */
  private plainLine(): Json {
    const start = this.at;
    const line = this.must(LINE)[0];
    const comment = line.indexOf(' #');
    const words = (comment === -1 ? line : line.slice(0, comment)).trimEnd();
    this.at = start + words.length;
    if (!FIRST.test(words) || words.includes(': ') || words.endsWith(':')) throw UNSURE;
    return scalar(words);
  }

  /** The lines behind a `|`: they are as far indented as the first one, which is not empty. */
  private literal(column: number): string {
    const end = this.must(LITERAL)[1] === '-' ? '' : '\n';
    const lines: string[] = [];
    let indent = 0;
    while (this.at < this.text.length) {
      const start = this.at;
      const line = this.must(LINE)[0];
      const own = line.length - line.trimStart().length;
      const isEmpty = own === line.length;
      if (lines.length === 0) indent = own;
      if (!isEmpty && own < indent) {
        this.at = start;
        break;
      }
      // Spaces alone that reach into the text may be meant.
      if (isEmpty && (own > indent || lines.length === 0)) throw UNSURE;
      lines.push(line.slice(indent));
      this.count();
      this.at += 1;
    }
    if (indent <= column) throw UNSURE;
    this.nextLine();
    if (this.column > column) throw UNSURE;
    while (lines.at(-1) === '') lines.pop();
    return lines.join('\n') + end;
  }

  /** A value in brackets, braces or quotes, or within them: what goes on in further lines is further in than a column. */
  private flow(column: number): Json {
    this.count();
    const sign = this.text[this.at];
    if (sign === '"') return JSON.parse(this.must(DOUBLE_QUOTED)[0]) as string;
    if (sign === "'") return (this.must(SINGLE_QUOTED)[1] ?? '').replaceAll("''", "'");
    if (sign !== '[' && sign !== '{') return scalar(this.must(FLOW_WORDS)[0].trimEnd());
    this.at += 1;
    return this.within(() => (sign === '[' ? this.flowSequence(column) : this.flowMapping(column)));
  }

  private flowSequence(column: number): Json[] {
    const items: Json[] = [];
    while (!this.closes(']', column)) {
      items.push(this.flow(column));
      this.separator(']', column);
    }
    return items;
  }

  private flowMapping(column: number): JsonObject {
    const members: Record<string, Json> = {};
    while (!this.closes('}', column)) {
      const [, plain, quoted] = this.must(FLOW_KEY);
      const key = plain ?? quoted ?? '';
      this.take(key, members);
      this.spaces();
      members[key] = this.flow(column);
      this.separator('}', column);
    }
    return members;
  }

  /** Goes behind a closing bracket, if that is what comes next. */
  private closes(bracket: string, column: number): boolean {
    this.flowSpaces(column);
    if (this.text[this.at] !== bracket) return false;
    this.at += 1;
    return true;
  }

  private separator(bracket: string, column: number): void {
    this.flowSpaces(column);
    if (this.text[this.at] === ',') this.at += 1;
    else if (this.text[this.at] !== bracket) throw UNSURE;
  }

  private flowSpaces(column: number): void {
    this.spaces();
    while (this.text[this.at] === '\n') {
      const start = this.at + 1;
      this.at = start;
      this.spaces();
      this.count();
      if (this.text[this.at] !== '\n' && this.at - start <= column) throw UNSURE;
    }
  }
}

/**
 * Reads a YAML text that says no more than nearly all files say: block mappings and sequences, `[…]` and `{…}`, plain and quoted texts of one
 * line, `|`, comments. That takes a twentieth of the time of the whole reader. Undefined where it holds anything else, or may be at fault: that is for
 * the whole reader, which would give the same value.
 */
export function readPlain(text: string): JsonObject | undefined {
  if (ODD.test(text) || MARK.test(text)) return undefined;
  try {
    return new PlainReader(text.endsWith('\n') ? text : `${text}\n`).read();
  } catch (error) {
    if (error === UNSURE) return undefined;
    throw error;
  }
}

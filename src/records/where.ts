import { done, failed, type Outcome, type Problem } from '../model/problem.ts';

type Test = (field: (name: string) => unknown) => boolean;

/** A filter and what it looks at. */
export interface Filter {
  /** Whether something fits, by its fields. */
  readonly fits: Test;
  readonly names: readonly string[];
}

interface Token {
  readonly text: string;
  readonly at: number;
  readonly kind: 'name' | 'value' | 'operator';
}

class FilterError extends Error {
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

const TOKEN = /(?:(<=|>=|!=|==|[<>=()])|"([^"]*)"|'([^']*)'|((?:[^\s<>=!()"'[\]]|\[[^\]]*\])+))/y;

function tokens(text: string): Token[] {
  const found: Token[] = [];
  const trimmed = text.trimEnd();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < trimmed.length) {
    const at = TOKEN.lastIndex + (/^\s*/.exec(trimmed.slice(TOKEN.lastIndex))?.[0].length ?? 0);
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(trimmed);
    if (match === null) throw new FilterError(`what stands at "${trimmed.slice(at, at + 12)}" is no comparison`, at);
    const [, operator, double, single, name] = match;
    if (operator !== undefined) found.push({ text: operator, at, kind: 'operator' });
    else if (name !== undefined) found.push({ text: name, at, kind: 'name' });
    else found.push({ text: double ?? single ?? '', at, kind: 'value' });
  }
  return found;
}

/** What the value means that a field is compared with: the whole id of what is named by its beginning, for example. */
export type Meaning = (field: string, value: string) => Outcome<string>;

/** Parses by descent: or < and < not < comparison. */
class Parser {
  private readonly list: readonly Token[];
  readonly names: string[] = [];
  readonly problems: Problem[] = [];
  private readonly meaning: Meaning;
  private position = 0;

  constructor(list: readonly Token[], meaning: Meaning) {
    this.list = list;
    this.meaning = meaning;
  }

  whole(): Test {
    const filter = this.either();
    const left = this.list[this.position];
    if (left !== undefined) throw new FilterError(`"${left.text}" is not expected; join comparisons with "and" or "or"`, left.at);
    return filter;
  }

  private isNext(text: string, kind: Token['kind'] = 'name'): boolean {
    const next = this.list[this.position];
    if (next?.kind !== kind || next.text !== text) return false;
    this.position += 1;
    return true;
  }

  private either(): Test {
    const parts = [this.both()];
    while (this.isNext('or')) parts.push(this.both());
    return (field) => parts.some((part) => part(field));
  }

  private both(): Test {
    const parts = [this.single()];
    while (this.isNext('and')) parts.push(this.single());
    return (field) => parts.every((part) => part(field));
  }

  private single(): Test {
    if (this.isNext('not')) {
      const inner = this.single();
      return (field) => !inner(field);
    }
    if (this.isNext('(', 'operator')) {
      const inner = this.either();
      if (!this.isNext(')', 'operator')) throw new FilterError('a ")" is missing', this.end());
      return inner;
    }
    return this.comparison();
  }

  private end(): number {
    const last = this.list.at(-1);
    return this.list[this.position]?.at ?? (last === undefined ? 0 : last.at + last.text.length);
  }

  private comparison(): Test {
    const [name, operator, value] = this.list.slice(this.position, this.position + 3);
    if (name?.kind !== 'name') throw new FilterError('the name of a param, metric or column is missing', this.end());
    if (operator?.kind !== 'operator' || operator.text === '(' || operator.text === ')')
      throw new FilterError(`after "${name.text}" a comparison is missing: < <= > >= = !=`, operator?.at ?? this.end());
    if (value === undefined || value.kind === 'operator')
      throw new FilterError(`after "${operator.text}" a value is missing`, value?.at ?? Number.MAX_SAFE_INTEGER);
    this.position += 3;
    this.names.push(name.text);
    const meant = this.meaning(name.text, value.text);
    if (!meant.ok) this.problems.push(...meant.problems);
    const text = meant.ok ? meant.value : value.text;
    return (field) => compare(field(name.text), operator.text, { ...value, text });
  }
}

function compare(actual: unknown, operator: string, { text, kind }: Token): boolean {
  if (actual === undefined || actual === null) return operator === '!=';
  const isNumber = typeof actual === 'number' && kind === 'name' && Number.isFinite(Number(text));
  const left: string | number = isNumber ? actual : typeof actual === 'string' ? actual : JSON.stringify(actual);
  const right: string | number = isNumber ? Number(text) : text;
  switch (operator) {
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
    case '!=':
      return left !== right;
    default:
      return left === right;
  }
}

/** Reads a filter such as `student.lr<0.01 and (accuracy>0.8 or state=failed)`. What a run does not have fits only `!=`. */
export function parseFilter(text: string, meaning: Meaning = (_field, value) => done(value)): Outcome<Filter> {
  try {
    const parser = new Parser(tokens(text), meaning);
    const fits = parser.whole();
    return parser.problems.length > 0 ? failed(...parser.problems) : done({ fits, names: parser.names });
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    return failed({
      kind: 'usage',
      code: 'bad-filter',
      message: `--where: ${error.message}`,
      place: { file: '--where', line: 1, column: Math.min(error.at, text.length) + 1, excerpt: text },
      hint: "for example --where 'student.lr<0.01 and accuracy>0.8'",
    });
  }
}

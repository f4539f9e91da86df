import { filledLines, lineAt, shown, type TextLine } from './lines.ts';
import { type Unpaired, unpaired } from './opened.ts';

/** An error of the YAML parser. */
export interface ParserError {
  readonly code: string;
  readonly message: string;
  readonly pos: readonly [number, number];
}

/** What is wrong with a YAML text as its author would say it: what, where, and what to write. */
export interface Fault {
  readonly message: string;
  readonly offset: number;
  readonly hint: string;
}

type Explain = (text: string, error: ParserError) => Fault | undefined;

const GENERAL = 'check the indentation and the brackets; quote a text that holds ": " or " #" or begins with a sign';

/** An indentation in words. */
function spaces(count: number): string {
  return count === 0 ? 'not at all' : count === 1 ? 'by 1 space' : `by ${count} spaces`;
}

/** A text as YAML takes it for one, whatever it holds. */
function quoted(text: string): string {
  return text.includes('"') || text.includes('\\') ? `'${text.replaceAll("'", "''")}'` : `"${text}"`;
}

/** Quotes of typography, which YAML takes for letters. */
const TYPOGRAPHIC = /^[\u201c\u201d\u2018\u2019\u201e\u00ab\u00bb]/;

const isQuote = (sign: string): boolean => sign === '"' || sign === "'";

function unpairedFault({ sign, offset, instead }: Unpaired, text: string): Fault {
  if (sign === '}' || sign === ']') return { message: `this "${sign}" closes nothing`, offset, hint: 'remove it, or open it before' };
  const closing = isQuote(sign) ? sign : sign === '{' ? '}' : ']';
  const name = isQuote(sign) ? 'quote' : `"${sign}"`;
  const line = lineAt(text, offset);
  if (instead !== undefined)
    return {
      message: `this ${name} is not closed before the "${instead.sign}" in column ${instead.offset - lineAt(text, instead.offset).start + 1}`,
      offset,
      hint: `write "${closing}" before it`,
    };
  const rest = line.text.slice(offset - line.start);
  // What else the line opened is closed behind it.
  const after = isQuote(sign) ? (/[\s}\]]*$/.exec(rest)?.[0].trim() ?? '') : '';
  const kept = isQuote(sign) ? rest.replace(/[\s}\]]*$/, '') : rest.trimEnd().replace(/\)$/, '');
  const gap = /^[{[] /.test(rest) ? ' ' : '';
  const full = `${kept}${isQuote(sign) ? '' : gap}${closing}${after === '' ? '' : ` ${after}`}`;
  return { message: `this ${name} is not closed`, offset, hint: `close it: ${shown(full)}` };
}

/** `${name}` begins a mapping within braces and brackets. */
const dollarInFlow: Explain = (text, { pos: [start] }) => {
  const near = text.slice(Math.max(0, start - 2), start + 2).includes('${');
  const line = lineAt(text, start);
  if (!near && !/\$\{[^}\n]*\}/.test(line.text)) return undefined;
  const offset = text.indexOf('${', near ? Math.max(0, start - 2) : line.start);
  if (offset === -1 || !unpaired(text, offset).within) return undefined;
  const [, open, inner = ''] = /^\$\{([a-z][\w-]*)(?![\w}.-])|^\$\{([\w.-]+)\}/.exec(text.slice(offset)) ?? [];
  if (open !== undefined && !inner) return { message: 'this "${" is not closed', offset, hint: `write $${open}` };
  if (/^[a-z][\w-]*\.[\w.]+$/.test(inner) && !inner.startsWith('params.'))
    return { message: 'a text with "${" stands here without quotes', offset, hint: `an output of a node is written without: ${inner}` };
  const from = Math.max(...[' ', ',', '[', '{'].map((sign) => line.text.lastIndexOf(sign, offset - line.start - (sign === '{' ? 2 : 1))));
  const whole = /^[^,\]\s]*?\$\{[^}\n]*\}[^,\]}\s]*/.exec(line.text.slice(from + 1))?.[0] ?? '${name}';
  return { message: 'a text with "${" stands here without quotes', offset, hint: `within {…} and […] it needs quotes: "${whole}"` };
};

/** A line that should be `key: value` and has no colon that YAML takes for one. */
function lineWithoutColon(text: string, offset: number): Fault {
  const line = lineAt(text, offset);
  const at = line.start + line.indent;
  const content = line.text.trim();
  const [above] = [...take(filledLines(text, line.start - 1, 'up'), 1)];
  if (above !== undefined && line.start > 0 && /[|>][-+]?\d*\s*$/.test(above.text) && line.indent <= above.indent)
    return {
      message: `the text that "${shown(above.text)}" begins must be indented further than it`,
      offset: at,
      hint: `indent this line ${spaces(above.indent + 2)}`,
    };
  const [, key = '', value = ''] = /^([\w.-]+):(\S.*)$/.exec(content) ?? [];
  if (key !== '' && !value.startsWith('//'))
    return { message: 'a space is missing after the colon', offset: at + key.length, hint: `write ${shown(`${key}: ${value}`)}` };
  if (content.startsWith('//'))
    return { message: 'this is no comment in YAML', offset: at, hint: `write ${shown(content.replace(/^\/+/, '#'))}` };
  const [, word = '', sign = '', rest = ''] = /^([\w.-]+)\s*(=?)\s*(.*)$/.exec(content) ?? [];
  if (word !== '' && (rest === '' || sign === '=' || !/\s/.test(rest) || rest.startsWith('{') || rest.startsWith('[')))
    return { message: `a colon is missing after "${word}"`, offset: at, hint: `write ${shown(`${word}: ${rest}`.trim())}` };
  return {
    message: 'this line is neither "key: value" nor a part of the text above',
    offset: at,
    hint: `write key: value; or indent it further if it belongs to the line above`,
  };
}

function* take<Value>(values: Iterable<Value>, count: number): Generator<Value> {
  let left = count;
  for (const value of values) {
    if (left === 0) return;
    left -= 1;
    yield value;
  }
}

/** The line that stands at another indentation than its siblings: of the first one and the one that the parser met, that which has fewer like it. */
const badIndent: Explain = (text, { pos: [start] }) => {
  const [line] = filledLines(text, start, 'down');
  if (line === undefined) return undefined;
  let first: TextLine | undefined;
  let parent: TextLine | undefined;
  for (const above of filledLines(text, line.start - 1, 'up')) {
    if (line.start === 0) break;
    if (above.indent < line.indent) {
      parent = above;
      break;
    }
    first = above;
  }
  if (first === undefined) return undefined;
  const isItem = (one: TextLine): boolean => /^-(?:\s|$)/.test(one.text.trim());
  if (isItem(first) !== isItem(line))
    return isItem(first)
      ? {
          message: 'a key stands among the entries of a list',
          offset: line.start + line.indent,
          hint: `make it an entry: - ${shown(line.text)}`,
        }
      : { message: 'an entry of a list stands among keys', offset: line.start + line.indent, hint: 'put the list below a key of its own' };
  const count = (indent: number): number => [...filledLines(text, 0, 'down')].filter((one) => one.indent === indent).length;
  const [, next] = [...take(filledLines(text, line.start, 'down'), 2)];
  const opens = /:\s*(?:#.*)?$/.test(line.text) && next !== undefined && next.indent > line.indent;
  // Between two levels: the one above may be the odd one; a line that opens a mapping of its own is meant as its sibling.
  const isAboveOdd = opens && parent !== undefined && count(line.indent) > count(parent.indent);
  const [odd, right] = isAboveOdd ? [parent as TextLine, line.indent] : [line, opens ? (parent?.indent ?? 0) : first.indent];
  return {
    message: `this line is indented ${spaces(odd.indent)}, its neighbours ${spaces(right)}`,
    offset: odd.start + odd.indent,
    hint: `indent it ${spaces(right)}`,
  };
};

/** A value that is followed by a colon, or by a line that is indented as if it belonged to the value. */
const nested: Explain = (text, { message, pos: [start] }) => {
  const line = lineAt(text, start);
  if (message.startsWith('A block sequence'))
    return {
      message: 'an entry of a list stands among keys',
      offset: lineAt(text, start).start + lineAt(text, start).indent,
      hint: 'put the list below a key of its own',
    };
  const rest = line.text.slice(start - line.start);
  const value = rest.replace(/\s+#.*$/, '').trim();
  const before = line.text.slice(line.indent, start - line.start);
  if (TYPOGRAPHIC.test(value))
    return {
      message: `${value[0]} is no quote in YAML`,
      offset: start,
      hint: `write ${shown(`${before}${quoted(value.replaceAll(new RegExp(TYPOGRAPHIC.source.slice(1), 'g'), ''))}`)}`,
    };
  if (/:(?:\s|$)/.test(value))
    return {
      message: 'the text holds a colon, which YAML takes for that of another key',
      offset: start + value.search(/:(?:\s|$)/),
      hint: `quote it: ${shown(`${before}${quoted(value)}`)}`,
    };
  const [, deeper] = [...take(filledLines(text, start, 'down'), 2)];
  if (deeper === undefined || deeper.indent <= line.indent) return undefined;
  const [above] = line.start === 0 ? [] : [...take(filledLines(text, line.start - 1, 'up'), 1)];
  if (above !== undefined && above.indent === line.indent && /:\s*$/.test(above.text))
    return {
      message: `this line stands beside "${shown(above.text)}", not below it`,
      offset: line.start + line.indent,
      hint: `indent it ${spaces(deeper.indent)}`,
    };
  return {
    message: `this line is indented further than the one above it, "${shown(line.text)}", which has its value already`,
    offset: deeper.start + deeper.indent,
    hint: `indent it ${spaces(line.indent)}`,
  };
};

const missingComma: Explain = (text, { pos: [start] }) => {
  const line = lineAt(text, start);
  const rest = line.text.slice(start - line.start);
  const next = /\s+[\w.-]+:(?:\s|$)/.exec(rest);
  if (next !== null) {
    const value = rest.slice(0, next.index);
    return {
      message: 'a comma is missing',
      offset: start + next.index,
      hint: `write ${shown(`${value}, ${rest.slice(next.index).trim()}`)}`,
    };
  }
  return {
    message: 'a comma is missing at the end of this line',
    offset: line.start + line.text.trimEnd().length,
    hint: `write ${shown(line.text)},`,
  };
};

/** Brackets in a text without quotes: most often a point of a matrix, as names of instances have it. */
function bracketed({ text }: TextLine, at: number): Omit<Fault, 'offset'> | undefined {
  const word = /[\w$.-]*$/.exec(text.slice(0, at))?.[0] ?? '';
  const rest = /^\[[^\]]*\][\w.-]*/.exec(text.slice(at))?.[0];
  if (word === '' || rest === undefined) return undefined;
  const [, point = '', port = ''] = /^\[(.*)\](?:\.(\w+))?$/.exec(rest) ?? [];
  const where = point.includes('=')
    ? point
        .split(',')
        .map((one) => one.replace('=', ': '))
        .join(', ')
    : undefined;
  const message = 'a text with brackets stands here without quotes';
  return where !== undefined && port !== ''
    ? { message, hint: `an instance is chosen so: { from: ${word}.${port}, where: { ${where} } }` }
    : { message, hint: `quote it: "${word}${rest}"` };
}

/** What stands behind a quoted text. */
const afterQuote: Explain = (text, { message, pos: [start] }) => {
  const line = lineAt(text, start);
  const point = message.includes('flow-seq-start') ? bracketed(line, start - line.start) : undefined;
  if (point !== undefined) return { ...point, offset: start };
  if (message.startsWith('Block scalar header') || /:\s*[|>][-+]?\s*$/.test(line.text.slice(0, start - line.start)))
    return {
      message: 'a text stands right after the sign that begins one',
      offset: start,
      hint: 'begin it in the next line, indented further than its key',
    };
  const until = line.text.slice(0, start - line.start);
  const open = /(?:^|[\s:,[{])(["'])[^"']*["']?\s*$/.exec(until);
  if (open === null) return undefined;
  const from = until.lastIndexOf(open[1] ?? '', until.trimEnd().length - 2);
  const value = line.text.slice(from).trim();
  const [, inner] = /^(["'])([\s\S]*)\1$/.exec(value)?.slice(1) ?? [];
  const hint =
    inner === undefined
      ? 'put all of it between the quotes'
      : `a quote inside is written twice or escaped; or use the other kind: ${shown(inner.includes('"') ? `'${inner.replaceAll("'", "''")}'` : `"${inner}"`)}`;
  return { message: 'the quoted text ends before this', offset: start, hint };
};

/** What the parser tells apart, in the words of who wrote the text. */
const EXPLAIN: Readonly<Record<string, Explain>> = {
  TAB_AS_INDENT(text, { pos: [start] }) {
    const { text: line } = lineAt(text, start);
    return {
      message: 'a tab stands where spaces must: YAML is indented with spaces',
      offset: start,
      hint: `write spaces in place of the tab before ${shown(line)}`,
    };
  },
  MULTIPLE_DOCS: (_, { pos: [start] }) => ({
    message: 'a second document begins here',
    offset: start,
    hint: 'a file is one document: remove the "---"',
  }),
  BAD_SCALAR_START(text, { pos: [start] }) {
    const line = lineAt(text, start);
    const value = /^[^,\]}#\n]*/.exec(line.text.slice(start - line.start))?.[0].trim() ?? '';
    const before = /[\w.-]+:\s*$/.exec(line.text.slice(0, start - line.start))?.[0] ?? '';
    return {
      message: `a text cannot begin with "${value[0]}" without quotes`,
      offset: start,
      hint: `quote it: ${shown(before + quoted(value))}`,
    };
  },
  BAD_DQ_ESCAPE: (text, { pos: [start] }) => ({
    message: `"${text.slice(start, start + 2)}" is no escape between double quotes`,
    offset: start,
    hint: `write \\${text.slice(start, start + 2)}, or use single quotes, in which a backslash is one`,
  }),
  BAD_INDENT: badIndent,
  BLOCK_AS_IMPLICIT_KEY: nested,
  BLOCK_IN_FLOW: missingComma,
  UNEXPECTED_TOKEN: afterQuote,
  MULTILINE_IMPLICIT_KEY: (text, error) =>
    unpaired(text, error.pos[0]).within ? missingComma(text, error) : lineWithoutColon(text, error.pos[0]),
  MISSING_CHAR: (text, { message, pos: [start] }) => (message.startsWith('Implicit map keys') ? lineWithoutColon(text, start) : undefined),
};

/** Says what is wrong with a text that the YAML parser refuses, in plain words, at the place where the mistake is. */
export function explainSyntax(text: string, error: ParserError): Fault {
  const dollar = dollarInFlow(text, error);
  if (dollar !== undefined) return dollar;
  const pair = error.code === 'TAB_AS_INDENT' ? undefined : unpaired(text).found;
  if (pair !== undefined && pair.offset <= error.pos[1]) return unpairedFault(pair, text);
  return EXPLAIN[error.code]?.(text, error) ?? { message: error.message, offset: error.pos[0], hint: GENERAL };
}

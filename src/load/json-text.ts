import { refusedYaml, type YamlText } from './yaml/document.ts';

const TOKEN = /\s*(?:"(?:[^"\\]|\\[\s\S])*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)(?!\w)|[{}[\],:])/y;

/** Where the first thing stands that is part of no JSON; undefined: there is none. */
function strayAt(text: string): number | undefined {
  let end = 0;
  for (TOKEN.lastIndex = 0; TOKEN.test(text); ) end = TOKEN.lastIndex;
  const rest = text.slice(end).trimStart();
  return rest === '' ? undefined : text.length - rest.length;
}

/** What stands there, and what to do about it. */
function aboutStray(text: string, offset: number): { readonly message: string; readonly hint: string } {
  const [word = ''] = /^(?:[-\w.]+|\/[/*]|.)/.exec(text.slice(offset)) ?? [];
  if (/^-?(?:NaN|Infinity)$/.test(word)) return { message: `${word} is not a finite number`, hint: 'quote it to keep it as a text' };
  if (word === '//' || word === '/*' || word === '#') return { message: 'JSON has no comments', hint: 'remove it, or name the file .yaml' };
  const hint = word === '"' ? 'it begins a text that does not end' : 'texts and names stand in double quotes';
  return { message: `not valid JSON: ${word} has no place here`, hint };
}

/**
 * Why a text is no JSON, with its place; undefined: it is. Much of what is none is YAML all the same, and means something else than whoever
 * wrote it thought: `1 // one` would be a text.
 */
export function refusedJson(file: string, text: string): YamlText | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const stray = strayAt(text);
    if (stray !== undefined) return refusedYaml(file, text, { code: 'json-syntax', offset: stray, ...aboutStray(text, stray) });
    const [, what = 'it ends too early', at] = /^(.*?)(?: in JSON)? at position (\d+)/.exec(error.message) ?? [];
    const offset = at === undefined ? text.trimEnd().length : Number(at);
    const hint = /double-quoted/.test(what) ? 'remove the comma after the last entry' : 'mend this line';
    return refusedYaml(file, text, { code: 'json-syntax', message: `not valid JSON: ${what}`, offset, hint });
  }
}

import { posix } from 'node:path';
import type { ErrorObject } from 'ajv';
import { isObject } from '../files/json.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { shorten } from '../text/shorten.ts';
import { suggestion } from '../text/suggestion.ts';
import { NAME, NONE, PYTHON_VERSION, VARIABLE } from './pipeline/node-schema.ts';

/** How keys of the file and of nodes are written, where nothing better can be made of what stands there. */
const EXAMPLES: Readonly<Record<string, string>> = {
  stages: 'stages: { hello: { run: echo hello > "$text", out: { text: hello.txt } } }',
  params: 'params: { size: 32 }',
  sources: 'sources: { images: ./images }',
  in: 'in: { text: node.port } or in: { text: $sources.name }',
  out: 'out: { text: text.txt }',
  with: 'with: { size: 32 }',
  env: 'env: [HOME], or env: { LEVEL: high }',
  matrix: 'matrix: { fold: [0, 1, 2] }',
  when: 'when: { size: { above: 32 } }',
  resources: 'resources: { cpu: 2, memory: 4GiB }',
  tools: 'tools: [python3]',
  environment: 'environment: { python: requirements.txt }, or { venv: .venv }',
  plots: 'plots: { loss: { x: step, y: { node.port: loss } } }',
  plot: 'plot: { x: step, y: loss }',
  show: 'show: [node.metric, node.port]',
  objective: 'objective: { maximize: node.metric }',
  over: 'over: { node.param: [1, 2] }',
  constraints: 'constraints: { node.metric: { max: 3 } }',
  sweep: 'sweep: { over: { node.param: [1, 2] }, objective: { maximize: node.metric } }',
  where: 'where: { fold: 0 }',
  executors: 'executors: { big: { kind: process } }',
  name: 'name: my_pipeline',
  uses: 'uses: prepare-images',
  run: 'run: echo hello > "$text"',
  from: 'from: node.port',
  at: 'at: text.txt',
  path: 'path: ./images',
  metrics: 'metrics: metrics.json',
  maximize: 'maximize: node.metric',
  minimize: 'minimize: node.metric',
  only: 'only: node',
  strategy: 'strategy: tpe',
};

/** The same for names that users choose, by what they stand in; `_` is the name. */
const EXAMPLES_IN: Readonly<Record<string, string>> = {
  in: '_: node.port',
  out: '_: _.txt',
  sources: '_: ./_',
  stages: '_: { run: echo hello > "$text", out: { text: hello.txt } }',
  over: '_: [1, 2]',
  env: '_: "a text"',
};

/** A value as it is written in a flow of YAML. */
export function written(value: Json): string {
  if (typeof value === 'string') return /^[\w./$+-]+(?: [\w./$+-]+)*$/.test(value) ? value : JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((one: Json) => written(one)).join(', ')}]`;
  if (isObject(value))
    return `{ ${Object.entries(value)
      .map(([key, one]) => `${key}: ${written(one)}`)
      .join(', ')} }`;
  return JSON.stringify(value);
}

/** A name made of any text: `My words` is `my_words`. */
export function nameOf(text: string, separators = '_-'): string {
  const kept = text
    .trim()
    .toLowerCase()
    .replaceAll(new RegExp(`[^a-z0-9${separators}]+`, 'g'), '_');
  return kept.replace(/^[^a-z]+/, '').replace(/_+$/, '') || 'name';
}

/** A mapping made of a list of paths or of a text, each by the name of its file: `[a/words.txt]` is `{ words: a/words.txt }`. */
function named(found: Json, key: string): string | undefined {
  const paths = (Array.isArray(found) ? found : [found]).filter((one: Json): one is string => typeof one === 'string');
  if (paths.length === 0 || (Array.isArray(found) && paths.length < found.length)) return undefined;
  const entries = paths.map((path) => {
    const base = posix.basename(path.replace(/^\$(?:sources\.)?/, ''));
    const isFile = key === 'in' && !path.startsWith('$') && (path.includes('/') || /\.(?:py|sh|js|ts|r|R|txt|csv|json|ya?ml)$/.test(path));
    return `${nameOf(base.replace(/(.)\.[^.]*$/, '$1'), '_')}: ${isFile && !path.startsWith('.') ? './' : ''}${path}`;
  });
  return shorten(`write ${key}: { ${entries.join(', ')} }`, 120);
}

const BOUNDS: Readonly<Record<string, string>> = { '<': 'below', '>': 'above', '<=': 'max', '>=': 'min' };

/** What to write in place of a value of the wrong type; undefined where nothing can be made of it. */
export function retyped(type: string, found: Json | undefined, key: string): string | undefined {
  if (found === undefined || found === null || key === 'the file') return undefined;
  const isScalar = typeof found !== 'object';
  if ((type === 'integer' || type === 'number') && typeof found === 'string' && found.trim() !== '' && Number.isFinite(Number(found)))
    return `write it without quotes: ${found}`;
  if (type === 'integer' && typeof found === 'number') return `write ${Math.floor(found)} or ${Math.ceil(found)}`;
  if (type === 'boolean' && typeof found === 'string' && /^(?:y|yes|on|true)$/i.test(found)) return 'write true';
  if (type === 'boolean' && typeof found === 'string' && /^(?:n|no|off|false)$/i.test(found)) return 'write false';
  if (type === 'boolean' && (found === 0 || found === 1)) return `write ${found === 1}`;
  if (type === 'array' && typeof found === 'string' && /^-\S/.test(found))
    return `a space is missing after the dash: write - ${found.slice(1)}`;
  if (type === 'array' && isScalar)
    return `write ${key}: [${typeof found === 'string' && /^[\w.-]+(?:\s*,\s*[\w.-]+)+$/.test(found) ? found : written(found)}]`;
  if (type === 'array') return undefined;
  if (type === 'string' && Array.isArray(found) && found.length === 1 && typeof found[0] === 'string') return `write ${key}: ${found[0]}`;
  if ((type === 'number' || type === 'integer') && Array.isArray(found) && found.every((one: Json) => typeof one === 'number'))
    return `write one of them; to try several, vary it in a sweep: stillroom sweep PIPELINE --over NODE.${key}=${found.join(',')}`;
  if (
    type === 'object' &&
    Array.isArray(found) &&
    found.length > 0 &&
    found.every((one: Json) => isObject(one) && Object.keys(one).length === 1)
  )
    return `write ${key}: ${written(Object.assign({}, ...found) as Json)}`;
  if (type === 'object' && key === 'environment' && typeof found === 'string' && found !== 'none') return environmentOf(found);
  if (type === 'object' && key === 'matrix' && Array.isArray(found)) return `write matrix: { fold: ${written(found)} }`;
  if (type === 'object' && key === 'resources' && typeof found === 'number') return `write resources: { cpu: ${found} }`;
  if (type === 'object' && typeof found === 'string') {
    const [, name, sign, value = ''] = /^([\w.-]+)\s*(=|==|<|>|<=|>=|:)\s*(\S+)$/.exec(found) ?? [];
    if (name !== undefined && key === 'when')
      return `write when: { ${name}: ${sign === '=' || sign === '==' || sign === ':' ? value : `{ ${BOUNDS[sign ?? '']}: ${value} }`} }`;
    if (name !== undefined && (sign === '=' || sign === ':')) return `write ${key}: { ${name}: ${value} }`;
  }
  if (type === 'string' && (typeof found === 'number' || typeof found === 'boolean')) return `write it in quotes: "${found}"`;
  if (type === 'object' && (key === 'in' || key === 'out' || key === 'sources')) return named(found, key);
  if (type === 'object' && key === 'objective' && typeof found === 'string') return `write objective: { maximize: ${found} }, or minimize`;
  const [, sign = '', bound] = (type === 'object' && typeof found === 'string' && /^\s*([<>]=?)\s*([-+\d.e]+)\s*$/i.exec(found)) || [];
  if (bound !== undefined) return `write ${key}: { ${BOUNDS[sign]}: ${bound} }`;
  return undefined;
}

/** An environment that is written as one text. */
function environmentOf(text: string): string {
  const isFile = /\.(?:txt|in|toml|lock|ya?ml)$/.test(text);
  return `write environment: { ${isFile ? 'python' : 'venv'}: ${written(text)} }`;
}

/** What to write in place of a text that does not look as it must. */
function reshaped(pattern: string, { found, at }: Pick<Misfit, 'found' | 'at'>): string {
  const text = String(found);
  if (pattern.includes('KiB')) {
    const [, count, unit] = /^(\d+(?:\.\d+)?)\s*([KMGT])i?B?$/i.exec(text) ?? [];
    return count === undefined || unit === undefined ? 'for example 2GiB' : `write ${count}${unit.toUpperCase()}iB`;
  }
  if (pattern.includes('(s|m|h)')) {
    const [, count, unit] = /^(\d+(?:\.\d+)?)\s*(s|m|h)?[a-z]*$/i.exec(text) ?? [];
    if (count === undefined) return 'for example 30s, 10m or 2h';
    return unit === undefined ? `write its unit: ${count}s, ${count}m or ${count}h` : `write ${count}${unit.toLowerCase()}`;
  }
  if (pattern === NONE) return environmentOf(text);
  // YAML reads 3.10 as 3.1.
  if (pattern === PYTHON_VERSION)
    return `write it in quotes: "${/^3\.[12]$/.test(text) ? `${text}0` : (/3\.\d+(?:\.\d+)?/.exec(text)?.[0] ?? '3.12')}"`;
  const [, variable, value] = /^([A-Za-z_]\w*)=(.*)$/.exec(text) ?? [];
  if (pattern.startsWith('^[A-Za-z_]') && variable !== undefined) return `write env: { ${variable}: "${value}" }`;
  if ((pattern === NAME || pattern === VARIABLE) && /^\d/.test(text)) return `begin it with a letter: p${nameOf(`p${text}`).slice(1)}`;
  if (pattern === NAME || pattern === VARIABLE) return `write ${nameOf(text, pattern === NAME ? '_-' : '_')}`;
  const [example = 'my_name'] = (at?.['examples'] ?? []) as readonly Json[];
  return `for example ${String(example)}`;
}

/** How a bound is kept. */
function bounded({ keyword, params }: ErrorObject): string | undefined {
  const limit = String(params['limit']);
  if (keyword === 'minimum') return `write ${limit} or more`;
  if (keyword === 'maximum') return `write ${limit} or less`;
  if (keyword === 'exclusiveMinimum') return `write more than ${limit}`;
  if (keyword === 'exclusiveMaximum') return `write less than ${limit}`;
  return undefined;
}

/** A value that does not fit. */
interface Misfit {
  readonly found: Json | undefined;
  /** Its schema. */
  readonly at: JsonObject | undefined;
  /** How it is called. */
  readonly key: string;
  /** What it stands in is called. */
  readonly parent: string;
}

/** What to write in place of a value that does not fit. */
export function remedy(error: ErrorObject, { found, at, key, parent }: Misfit): string {
  const { keyword, params } = error;
  if (keyword === 'enum') return suggestion(String(found), (params['allowedValues'] as unknown[]).map(String));
  if (keyword === 'const') return `write ${key}: ${String(params['allowedValue'])}, or leave it out`;
  if (keyword === 'pattern') return reshaped(String(params['pattern']), { found, at });
  if (keyword === 'type' && typeof found === 'number' && typeof at?.['pattern'] === 'string') return reshaped(at['pattern'], { found, at });
  const types = [params['type']].flat(2).map(String);
  const reference = typeof found === 'string' ? /^\$?\{\{\s*(?:\w+\.)*([a-z][\w-]*)\s*\}\}$/.exec(found)?.[1] : undefined;
  if (reference !== undefined) return `a param is referred to with a dollar: write $${reference}`;
  const about = at?.['description'];
  const better =
    bounded(error) ??
    (keyword === 'type' || keyword === 'anyOf'
      ? [...types]
          .sort()
          .map((type) => retyped(type, found, key))
          .find(Boolean)
      : undefined);
  if (better !== undefined) return typeof about === 'string' && keyword !== 'type' && keyword !== 'anyOf' ? `${better}: ${about}` : better;
  if (key === 'the file') return 'a pipeline has "name:" and "stages:"; stillroom init makes an example';
  if (parent === 'stages' && typeof found === 'string') return `write ${key}: { run: ${written(found)}, out: { result: result.txt } }`;
  const example = EXAMPLES_IN[parent]?.replaceAll('_', key) ?? EXAMPLES[key];
  if (example !== undefined) return `for example ${example}`;
  const simple = EXAMPLE_OF[types[0] ?? ''];
  if (about !== undefined && keyword === 'type' && simple !== undefined) return `for example ${key}: ${simple} (${about})`;
  if (about !== undefined && keyword !== 'anyOf') return String(about);
  const fallback = at?.['default'];
  const other = EXAMPLE_OF[types[0] ?? ''];
  if (fallback !== undefined) return `write ${written(fallback)}, ${other === undefined ? '' : 'for example, '}or leave it out for that`;
  return other === undefined
    ? `write ${params['limit'] ?? 'one of these'}`
    : `for example ${/^[{[]/.test(other) ? `${key}: ` : ''}${other}`;
}

const EXAMPLE_OF: Readonly<Record<string, string>> = {
  object: '{ name: value }',
  array: '[first, second]',
  string: '"a text"',
  integer: '3',
  number: '0.5',
  boolean: 'true',
};

/** How a key is added that is missing. `at`: the schema of its value; `to`: where it belongs. */
export function addition(key: string, at: JsonObject | undefined, to: string): string {
  const example = EXAMPLES[key];
  const where = to === 'the file' ? '' : ` to "${to}"`;
  if (example !== undefined && to !== 'strategy') return `add ${example}`;
  if (to === 'strategy') return 'write strategy: { name: tpe, … } with its settings';
  const type = [at?.['type']].flat()[0];
  const about = typeof at?.['description'] === 'string' ? ` (${at['description']})` : '';
  if (Array.isArray(at?.['enum'])) return `add ${key}: ${at['enum'].map(String).join(' or ')}${where}${about}`;
  const least = at?.['minimum'];
  const value = typeof least === 'number' ? String(least) : key === 'name' ? 'my_pipeline' : (EXAMPLE_OF[String(type)] ?? '…');
  return `add ${key}${where}, for example ${key}: ${value}${about}`;
}

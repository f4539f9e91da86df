import { existsSync } from 'node:fs';
import { extname, join, posix } from 'node:path';
import { isObject } from '../files/json.ts';
import { valueAt } from '../model/dotted.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { shellWord } from '../text/shell-word.ts';
import type { FreshNames, Notes } from './draft.ts';
import { type Folded, variableOf } from './fold.ts';
import type { Conversion } from './outputs.ts';
import { namesFile } from './scripts.ts';
import type { DvcStage } from './stage.ts';
import { options, type Piece } from './template.ts';
import { readValues, type Where } from './values.ts';

/** Params of a node, as they are gathered, and what else its command needs. */
export interface CommandDraft {
  readonly run: string;
  readonly params: readonly (readonly [name: string, value: Json])[];
  readonly env: readonly string[];
  /** Files of params that are placed whole, relative to the folder of `dvc.yaml`. */
  readonly whole: readonly { readonly file: string; readonly comment: string }[];
}

const REFERENCE = /^[A-Za-z_][\w-]*(?:\.[\w-]+)*$/;

/** Params as they are gathered for one node. */
class Gathered {
  readonly params: [string, Json][] = [];
  private readonly names: FreshNames;

  constructor(names: FreshNames) {
    this.names = names;
  }

  /** The variable of the command that holds a value of the pipeline file. */
  variable(reference: string, like = reference.split('.').at(-1) ?? reference): string {
    const known = this.params.find(([, value]) => value === `$${reference}`);
    if (known !== undefined) return known[0];
    return this.add(like, `$${reference}`);
  }

  add(like: string, value: Json): string {
    const name = this.names.make(like);
    this.params.push([name, value]);
    return name;
  }
}

/** The command of a node, with the params that it and its scripts read. */
export function commandDraft(
  folded: Folded,
  node: string,
  { where, conversion }: { readonly where: Where; readonly conversion: Conversion },
): CommandDraft {
  const [stage] = folded.stages;
  const { layout, notes, names } = conversion;
  const fresh = names.get(node);
  if (fresh === undefined) throw new Error(`the names of ${node} are not known`);
  const gathered = new Gathered(fresh);
  const files = paramFiles(stage, gathered, { where, conversion });
  const folder = layout.at(stage.folder);
  const lines = stage.commands.map((pieces) => commandText(pieces, { folded, gathered, notes }));
  const made = stage.outs.some(({ path }) => conversion.made.has(path)) ? [] : ['touch done'];
  const enter = folder === '.' ? [] : [`mkdir -p ${shellWord(folder)} && cd ${shellWord(folder)}`];
  return {
    run: [...files.lines, ...enter, ...liveLines(stage, where), ...lines, ...made].join('\n'),
    params: gathered.params,
    env: variablesIn(lines, new Set([...gathered.params.map(([name]) => name)])),
    whole: files.whole,
  };
}

/** dvclive saves an experiment in Git, as whom a node has no name for, unless it finds itself called by DVC. */
function liveLines({ deps }: DvcStage, { folder }: Where): string[] {
  const usesLive = deps.some(({ path }) => path.endsWith('.py') && namesFile(join(folder, path), 'dvclive'));
  return usesLive ? ['export DVC_ROOT=.   # so dvclive saves no experiment of its own'] : [];
}

/** What a text is made a command with. */
interface Making {
  readonly folded: Folded;
  readonly gathered: Gathered;
  readonly notes: Notes;
}

function commandText(pieces: readonly Piece[], { folded, gathered, notes }: Making): string {
  const [stage] = folded.stages;
  let text = '';
  for (const [index, piece] of pieces.entries()) {
    const next = pieces[index + 1]?.text ?? '';
    const filled = text + (piece.name === undefined ? piece.text : referenceText(piece, text, { folded, gathered }, next));
    if (
      piece.name !== undefined &&
      filled === text + piece.text &&
      !stage.own.includes(piece.name.split('.')[0] ?? '') &&
      piece.text !== ''
    )
      notes.add(stage.line, `${stage.name}: \${${piece.name}} is written out in its command as it is now: ${piece.text}`);
    text = filled;
  }
  return text.trim();
}

/** What stands for a reference in a command: a variable, where the shell fills it in to the same. */
function referenceText(
  { name = '', text, value }: Piece,
  before: string,
  { folded, gathered }: Omit<Making, 'notes'>,
  next: string,
): string {
  const [stage] = folded.stages;
  const isQuoted = (before.replaceAll(/\\.|"(?:[^"\\]|\\.)*"/gs, '').match(/'/g) ?? []).length % 2 === 1;
  const isOwn = stage.own.includes(name.split('.')[0] ?? '');
  if (isQuoted || (isOwn && folded.matrix === undefined) || !REFERENCE.test(name)) return text;
  const reference = isOwn ? variableOf(name) : name;
  if (reference === undefined) return text;
  const variable = (of: string): string => gathered.variable(of);
  if (isObject(value))
    return options(value as JsonObject)
      .map(({ name: option, value: one }) => {
        const isPlain = typeof one === 'number' || (typeof one === 'string' && REFERENCE.test(`${reference}.${option}`));
        if (isPlain) return `--${option} "$${variable(`${reference}.${option}`)}"`;
        if (typeof one === 'boolean') return one ? `--${option}` : '';
        return `--${option} ${[one]
          .flat()
          .map((word: Json) => shellWord(String(word)))
          .join(' ')}`;
      })
      .filter((one) => one !== '')
      .join(' ');
  if (typeof value !== 'number' && typeof value !== 'string') return text;
  const made = variable(reference);
  return /^\w/.test(next) ? `\${${made}}` : `$${made}`;
}

/** Variables of the shell's own that no one has to declare. */
const GIVEN = /^(?:HOME|PATH|TMPDIR|LANG|TZ|PWD|SHELL|RANDOM|SECONDS|HOSTNAME|UID|OMP_NUM_THREADS|CUDA_VISIBLE_DEVICES)$/;

/** The variables of the environment that a command reads. */
function variablesIn(lines: readonly string[], known: ReadonlySet<string>): string[] {
  const text = lines.join('\n').replaceAll(/'[^']*'/g, '');
  const read = [...text.matchAll(/(?<!\\)\$\{?([A-Za-z_]\w*)(?!\w*:?-)/g)].map(([, name = '']) => name);
  const isSet = (name: string): boolean => new RegExp(`(?:^|[\\s;&|(])(?:export |read |for )?${name}(?:=| in )`, 'm').test(text);
  return [...new Set(read)].filter((name) => !known.has(name) && !GIVEN.test(name) && !isSet(name));
}

/** Files of params that the scripts of a stage open themselves: with the keys that it uses, or whole. */
function paramFiles(
  stage: DvcStage,
  gathered: Gathered,
  { where, conversion: { layout, notes } }: { readonly where: Where; readonly conversion: Conversion },
): { readonly lines: readonly string[]; readonly whole: CommandDraft['whole'] } {
  const lines: string[] = [];
  const whole: { readonly file: string; readonly comment: string }[] = [];
  for (const file of new Set(stage.params.map((one) => one.file))) {
    const asked = stage.params.filter((one) => one.file === file);
    const line = asked[0]?.line ?? stage.line;
    if (stage.deps.some(({ path }) => path === file)) continue;
    if (!existsSync(join(where.folder, file))) {
      notes.add(line, `${stage.name}: its file of params ${file} is not there`);
      continue;
    }
    const keys = asked.some((one) => one.keys === undefined) ? undefined : asked.flatMap((one) => one.keys ?? []);
    const read = /^\.(?:ya?ml|json)$/.test(extname(file)) && keys !== undefined ? readValues(where, file) : undefined;
    const unknown = keys?.find((key) => !REFERENCE.test(key) || valueAt(read?.values, key.split('.')) === undefined);
    if (read === undefined || unknown !== undefined) {
      if (keys !== undefined)
        notes.add(
          line,
          `${stage.name}: any change of ${file} reruns it, not only one of ${keys.join(', ')}: ${wholeReason(file, unknown, read === undefined)}`,
        );
      whole.push({ file, comment: keys === undefined ? 'DVC counts all of it too' : `DVC counts only ${keys.join(', ')}` });
      continue;
    }
    tellNumbers(read, keys ?? [], { stage, file, notes, where });
    const name = gathered.add(
      lines.length === 0 ? 'params' : `params_${lines.length + 1}`,
      nested((keys ?? []).map((key) => asFarAsMappings(key, read.values))),
    );
    const at = layout.at(file);
    const make = posix.dirname(at) === '.' ? '' : `mkdir -p ${shellWord(posix.dirname(at))}\n`;
    lines.push(`${make}echo "$${name}" > ${shellWord(at)}`);
  }
  return { lines, whole };
}

function wholeReason(file: string, unknown: string | undefined, isForeign: boolean): string {
  if (isForeign) return `only of YAML and JSON a part can be written (${extname(file)})`;
  return `"${unknown ?? ''}" is not in it`;
}

/** A key without the steps that lead into a list: a list is written whole. */
function asFarAsMappings(key: string, values: JsonObject): string {
  const steps = key.split('.');
  const end = steps.findIndex((_, index) => index > 0 && Array.isArray(valueAt(values, steps.slice(0, index))));
  return end === -1 ? key : steps.slice(0, end).join('.');
}

/** The keys as they lie in each other, each with its value: only they reach the script, and only they count. */
function nested(keys: readonly string[]): JsonObject {
  const top: Record<string, Json> = {};
  for (const key of keys.toSorted((a, b) => a.split('.').length - b.split('.').length)) {
    const steps = key.split('.');
    let at = top;
    for (const [index, step] of steps.entries()) {
      const there = at[step];
      // A whole that stands there holds this part too.
      if (typeof there === 'string') break;
      if (index === steps.length - 1) at[step] = `$${key}`;
      else {
        const inner: Record<string, Json> = isObject(there) ? (there as Record<string, Json>) : {};
        at[step] = inner;
        at = inner;
      }
    }
  }
  return top;
}

/** Numbers reach scripts as JSON writes them: one with a point that holds nothing behind it becomes a whole one. */
function tellNumbers(
  {
    values,
    document,
  }: {
    readonly values: JsonObject;
    readonly document?: { written(path: readonly string[]): string | undefined; line(path: readonly string[]): number };
  },
  keys: readonly string[],
  { stage, file, notes, where }: { readonly stage: DvcStage; readonly file: string; readonly notes: Notes; readonly where: Where },
): void {
  if (document === undefined) return;
  const visit = (value: Json | undefined, path: readonly string[]): void => {
    if (isObject(value)) for (const [key, one] of Object.entries(value as JsonObject)) visit(one, [...path, key]);
    const written = typeof value === 'number' ? document.written(path) : undefined;
    if (written?.includes('.') === true && !/[.]/.test(JSON.stringify(value)))
      notes.add(
        document.line(path),
        `${path.join('.')}: ${written} reaches the script of ${stage.name} as ${JSON.stringify(value)}`,
        posix.join(where.shown, file),
      );
  };
  for (const key of keys) visit(valueAt(values, key.split('.')), key.split('.'));
}

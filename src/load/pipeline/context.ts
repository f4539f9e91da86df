import type { Json, JsonObject } from '../../model/json.ts';
import { MOST_PROBLEMS, type Problem } from '../../model/problem.ts';
import { suggestion } from '../../text/suggestion.ts';
import type { CheckedBefore } from '../check.ts';
import { pointerStep } from '../../text/json-pointer.ts';
import type { Locate } from '../yaml/locate.ts';
import type { FileEnvironment } from './file-node.ts';
import type { NodeOverride } from './overrides.ts';
import { partHint } from './param-hints.ts';
import { fillIn, type Names, type Room, type Scope } from './references.ts';

/** All that reading a node needs beside the node itself. */
export interface NodeContext {
  readonly locate: Locate;
  /** The pipeline file's folder, and the project's, absolute. */
  readonly folder: string;
  readonly root: string;
  readonly params: JsonObject;
  /** The same, by name. */
  readonly names: Names;
  /** How those params are written that are numbers which JSON would write otherwise. */
  readonly texts: ReadonlyMap<string, string>;
  /** What may still be made of the file. */
  readonly room: Room;
  readonly overrides: readonly NodeOverride[];
  /** The environment of commands that name none. */
  readonly environment: FileEnvironment | undefined;
  /** Whether commands that say nothing of it are confined. */
  readonly confine: 'project' | 'none' | undefined;
  /** The links of all sources are followed. */
  readonly followsLinks: boolean;
  readonly problems: Problem[];
  /** Pointers of values with references that do not resolve: no more is told of them. */
  readonly told: Set<string>;
  /** A folder for what can be made again at any time. */
  readonly cache: string;
  /** Which params fitted which stage's schema before. */
  readonly checked: CheckedBefore;
}

/** What may be referred to beside the params, which are named by the file alone. */
export function scopeOf({ names, texts, room }: NodeContext, more: JsonObject = {}): Scope {
  return { values: Object.keys(more).length === 0 ? names : new Layered(more, names), texts, room };
}

/** Each instance has names of its own beside those of all: these are not copied for each. */
class Layered implements Names {
  private readonly over: JsonObject;
  private readonly under: Names;

  constructor(over: JsonObject, under: Names) {
    this.over = over;
    this.under = under;
  }

  get size(): number {
    return Object.keys(this.over).length + this.under.size;
  }

  get(name: string): Json | undefined {
    return Object.hasOwn(this.over, name) ? this.over[name] : this.under.get(name);
  }

  *keys(): MapIterator<string> {
    yield* this.under.keys();
    yield* Object.keys(this.over);
    return undefined;
  }
}

/** Whether so much is wrong already that no more is looked for. */
export function isFull({ problems, room }: Pick<NodeContext, 'problems'> & Partial<Pick<NodeContext, 'room'>>): boolean {
  return problems.length >= MOST_PROBLEMS || (room !== undefined && room.left < 0);
}

/** Fills in references below a pointer; what does not resolve becomes a problem. */
export function fillInAt(value: Json, scope: Scope, pointer: string, context: NodeContext): Json {
  const { problems } = context;
  return fillIn(value, scope, (bad, path) => {
    // What has no room is told once, and nothing after it.
    if (isFull({ problems }) || problems.some(({ code }) => code === 'too-many')) return;
    const at = pointer + path.map(pointerStep).join('');
    context.told.add(at);
    const hint =
      bad.code === 'too-many'
        ? 'refer to large values less often, or leave values of matrices out'
        : (otherReference(value, path, scope.values) ??
          (bad.name === undefined
            ? 'write $name for a whole value, ${name} inside a text (quoted in {…} and […] style), or $$ for a dollar'
            : scope.values.size === 0
              ? 'write the value itself, or $$ for a dollar'
              : partHint(bad.name, scope.values)));
    problems.push(context.locate.problem(bad.code, bad.message, at, 'value', hint, '$'));
  });
}

/** How references of others are written here: `${params.size}`, `${{ size }}`. */
function otherReference(value: Json, path: readonly (string | number)[], names: Names): string | undefined {
  const text = path.reduce<Json | undefined>((at, step) => (at as Readonly<Record<string | number, Json>> | undefined)?.[step], value);
  if (typeof text !== 'string') return undefined;
  const [whole = '', name] =
    /\$(?:\{\{?|\()?\s*(?:params|param|matrix|vars|env|inputs)\.([a-z][a-z0-9_-]*)\s*(?:\}\}?|\))?/i.exec(text) ??
    /\$(?:\{\{|\()\s*([a-z][a-z0-9_-]*)\s*(?:\}\}|\))/i.exec(text) ??
    [];
  if (name === undefined) {
    const [, source] = /^\$sources\.([\w-]+)$/.exec(text) ?? [];
    if (source !== undefined) return `a source is an input: write in: { ${source}: ${text} }`;
    const [, upper] = /^\$(\w*[A-Z][\w-]*)$/.exec(text) ?? [];
    if (upper !== undefined && names.size > 0 && ![...names.keys()].some((one) => /[A-Z]/.test(one)))
      return `names are in small letters: ${suggestion(upper.toLowerCase(), names.keys())}`;
    return /^\$[\w-]+\s*[-+*/%]/.test(text) ? 'values are not computed: write the number itself, or a param of its own' : undefined;
  }
  return whole === text ? `write $${name}` : `write \${${name}}`;
}

import type { Json, JsonObject } from '../../model/json.ts';
import type { Problem } from '../../model/problem.ts';
import { suggestion } from '../../text/suggestion.ts';
import type { CheckedBefore } from '../check.ts';
import { pointerStep } from '../../text/json-pointer.ts';
import type { Locate } from '../yaml/locate.ts';
import type { NodeOverride } from './overrides.ts';
import { fillIn } from './references.ts';

/** All that reading a node needs beside the node itself. */
export interface NodeContext {
  readonly locate: Locate;
  readonly params: JsonObject;
  readonly overrides: readonly NodeOverride[];
  readonly problems: Problem[];
  /** A folder for what can be made again at any time. */
  readonly cache: string;
  /** Which params fitted which stage's schema before. */
  readonly checked: CheckedBefore;
}

/** Fills in references below a pointer; what does not resolve becomes a problem. */
export function fillInAt(value: Json, scope: ReadonlyMap<string, Json>, pointer: string, context: NodeContext): Json {
  return fillIn(value, { values: scope }, (bad, path) => {
    const at = pointer + path.map(pointerStep).join('');
    const hint =
      bad.name === undefined
        ? 'write $name for a whole value, ${name} inside a text (quoted in {…} and […] style), or $$ for a dollar'
        : scope.size === 0
          ? 'write the value itself, or $$ for a dollar'
          : suggestion(bad.name, scope.keys());
    context.problems.push(context.locate.problem(bad.code, bad.message, at, 'value', hint, '$'));
  });
}

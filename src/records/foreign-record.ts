import { isObject } from '../files/json.ts';
import type { Json, JsonObject } from '../model/json.ts';
import type { InputElement } from '../model/pipeline.ts';
import { RECORD_FORMAT, type RunRecord } from '../model/run.ts';
import { runHash } from '../model/run-hash.ts';
import { checks } from './checks.ts';

/** Deeper values than any record holds. */
const DEEPEST = 100;

/** How deep a JSON text nests, without parsing it. */
function depthOf(json: string): number {
  let [depth, deepest, isText] = [0, 0, false];
  for (let index = 0; index < json.length; index += 1) {
    const char = json[index];
    if (isText) {
      if (char === '\\') index += 1;
      else if (char === '"') isText = false;
    } else if (char === '"') isText = true;
    else if (char === '{' || char === '[') deepest = Math.max(deepest, ++depth);
    else if (char === '}' || char === ']') depth -= 1;
  }
  return deepest;
}

/** Reads the record of a done run that came from elsewhere. Returns it, or in words what makes it unfit to be done again. */
export function readForeignRecord(json: string): RunRecord | string {
  if (depthOf(json) > DEEPEST) return 'its record is nested too deeply';
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return 'its record is not JSON';
  }
  const { format } = (value ?? {}) as { format?: unknown };
  if (typeof format === 'number' && format > RECORD_FORMAT)
    return `a newer Stillroom wrote it (format ${format}; this one reads up to ${RECORD_FORMAT})`;
  if (!checks.record(value)) {
    // Of the errors of alternatives the deepest is nearest to what was meant.
    const [error] = (checks.record.errors ?? []).toSorted((a, b) => b.instancePath.length - a.instancePath.length);
    return `its record is wrong at ${error?.instancePath || 'the top'}: ${error?.message ?? 'unknown'}`;
  }
  const record = value as RunRecord;
  return miswired(record) ?? record;
}

/**
 * In words what of a record contradicts the rest of it, in a way that no shape can tell: a hash that is not that of what it says, an input
 * that is not what it was made from. Undefined: nothing does.
 */
export function contradictionIn({ format, hash, nodes, sources }: RunRecord): string | undefined {
  const of = (origin: InputElement['origin']): string | undefined => {
    if (origin.kind === 'source') return sources[origin.source]?.digest;
    const { outputs, fingerprint } = nodes[origin.instance] ?? {};
    const output = outputs?.[origin.port];
    return output?.measured === true ? `measured:${fingerprint}` : output?.digest;
  };
  for (const [name, { recipe, inputs = {} }] of Object.entries(nodes)) {
    for (const { port, elements } of recipe?.inputs ?? []) {
      const told = Array.isArray(inputs[port]) ? inputs[port] : [];
      const wrong = elements.length !== told.length || elements.some(({ origin }, index) => contentOf(told[index]) !== of(origin));
      if (wrong) return `its record contradicts itself: the input "${port}" of ${name} is not what it was made from`;
    }
  }
  return hash === runHash(nodes, format) ? undefined : 'its record contradicts itself: its hash is not that of what it says';
}

/** The digest of an element of an input, as a record has it. */
function contentOf(element: Json | undefined): Json | undefined {
  return isObject(element) ? (element as JsonObject)['content'] : element;
}

/** Inputs that lead nowhere. */
function miswired({ nodes, sources }: RunRecord): string | undefined {
  const known = new Set<string>();
  for (const [own, { recipe: found }] of Object.entries(nodes)) {
    for (const { elements, many } of found?.inputs ?? []) {
      if (!many && elements.length !== 1) return `its record is wrong: an input of ${own} has ${elements.length} elements`;
      for (const { origin } of elements) {
        if (origin.kind === 'source' ? !Object.hasOwn(sources, origin.source) : !known.has(`${origin.instance}\n${origin.port}`))
          return `its record is wrong: an input of ${own} comes from nowhere`;
      }
    }
    for (const out of Object.keys(found?.outputs ?? {})) known.add(`${own}\n${out}`);
  }
  return undefined;
}

import { INSTEAD_OF_CONDA } from '../code/python/conda.ts';
import { isObject } from '../files/json.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { nearest, suggestion } from '../text/suggestion.ts';
import { type Level, ownName } from './other-names.ts';
import { pipelineSchema } from './pipeline/schema.ts';
import { retyped, written } from './remedy.ts';

function propertiesOf(schema: Json | undefined): JsonObject {
  return (isObject(schema) && isObject(schema['properties']) ? schema['properties'] : {}) as JsonObject;
}

const ofFile = propertiesOf(pipelineSchema);
const ofNode = propertiesOf((ofFile['stages'] as JsonObject)['additionalProperties']);
const ofSweep = propertiesOf(ofFile['sweep']);

/** Which mapping of the file a schema describes, as far as others have names for its keys. */
function levelOf(known: JsonObject): Level | undefined {
  if ('stages' in known && 'name' in known) return 'file';
  if ('uses' in known && 'run' in known) return 'node';
  if ('venv' in known && 'python' in known) return 'environment';
  if ('above' in known && 'below' in known) return 'bounds';
  return 'from' in known && 'steps' in known ? 'range' : undefined;
}

/** The key that an unknown one stands for: the nearest known one, or what others call by that name. Not one that stands beside it. */
export function meantKey(unknown: string, parent: JsonObject, within: Json | undefined): string | undefined {
  const known = propertiesOf(parent);
  const near = nearest(unknown, Object.keys(known));
  const level = levelOf(known);
  const meant = near ?? (level === undefined ? undefined : ownName(unknown, level));
  return meant !== undefined && isObject(within) && Object.hasOwn(within, meant) && near === undefined ? undefined : meant;
}

/** How others order what is done. */
const ORDERING = /^(?:depends|depends[-_]on|needs?|requires|after|upstream)$/i;

const CONTAINERS = 'containers are not there yet: let the command start one, and name by tools: what counts of it, such as its digest';

/** Environments of kinds that are not there. */
const OTHER_KINDS: Readonly<Record<string, string>> = {
  container: CONTAINERS,
  docker: CONTAINERS,
  image: CONTAINERS,
  apptainer: CONTAINERS,
  singularity: CONTAINERS,
  conda: INSTEAD_OF_CONDA,
  mamba: INSTEAD_OF_CONDA,
};

/** What to do about a key that is not known where it stands: what it should be called, or where it belongs. */
export function unknownKey(unknown: string, parent: JsonObject, within: Json | undefined): string {
  const known = propertiesOf(parent);
  const level = levelOf(known);
  const value = isObject(within) ? within[unknown] : undefined;
  const near = nearest(unknown, Object.keys(known));
  if (near !== undefined) {
    const schema = known[near];
    const better = isObject(schema) && level === 'node' ? retyped(String(schema['type']), value, near) : undefined;
    return `did you mean "${near}"?${better === undefined ? '' : ` ${better}`}`;
  }
  if (level === 'file' && isObject(value) && ('run' in value || 'uses' in value)) return 'it looks like a node: indent it below "stages"';
  if (level === 'node' && ORDERING.test(unknown)) {
    const [first] = [value].flat();
    const node = typeof first === 'string' ? first : 'node';
    return `a node runs after those that it reads from: write in: { name: ${node.includes('.') ? node : `${node}.port`} }`;
  }
  if (level === 'environment' && OTHER_KINDS[unknown.toLowerCase()] !== undefined) return String(OTHER_KINDS[unknown.toLowerCase()]);
  const own = level === undefined ? undefined : ownName(unknown, level);
  if (own !== undefined && (level === 'range' || level === 'bounds') && isObject(within)) {
    const renamed = Object.entries(within).map(
      ([key, one]) => [Object.hasOwn(known, key) ? key : (ownName(key, level) ?? key), one] as const,
    );
    return `write ${written(Object.fromEntries(renamed))}`;
  }
  if (own !== undefined) {
    const schema = known[own];
    const better = isObject(schema) ? retyped(String(schema['type']), value, own) : undefined;
    return `it is called "${own}" here: ${better ?? `write ${own}:`}`;
  }
  if (level === 'file' && Object.hasOwn(ofNode, unknown)) return `"${unknown}" belongs to a node: indent it below a name in "stages"`;
  if (level !== undefined && Object.hasOwn(ofSweep, unknown)) return `"${unknown}" belongs below "sweep"`;
  if (level === 'node' && Object.hasOwn(ofFile, unknown)) return `"${unknown}" belongs to the file: write it at the beginning of a line`;
  return suggestion(unknown, Object.keys(known));
}

/** Whether the keys of a mapping that have other names elsewhere are told by one hint for all of them. */
export function isToldAtOnce(parent: JsonObject): boolean {
  const level = levelOf(propertiesOf(parent));
  return level === 'range' || level === 'bounds';
}

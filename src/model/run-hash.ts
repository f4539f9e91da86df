import { canonicalJson, exactJson, sha256 } from './canonical.ts';
import type { Json, JsonObject } from './json.ts';
import { ATTRIBUTES_SINCE, RECORD_FORMAT, type RunNode } from './run.ts';

/** Values by name as the texts that were handed over. */
function asGiven(values: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, exactJson(value)]));
}

/** Inputs as the first format had them: their executable bits were not known. */
function asFormer(inputs: JsonObject): object {
  const plain = (element: Json): Json => {
    if (element === null || typeof element !== 'object') return element;
    const { key, content = null } = element as JsonObject;
    return key === undefined ? content : { key, content };
  };
  return Object.fromEntries(Object.entries(inputs).map(([port, elements]) => [port, (elements as readonly Json[]).map(plain)]));
}

/** What came out of a node, but for what was measured. */
function outputsOf({ outputs = {} }: RunNode): object {
  const unmeasured = Object.entries(outputs).filter(([, { measured }]) => !measured);
  return Object.fromEntries(
    unmeasured.map(([port, { digest, executable }]) => [port, executable === true ? { digest, executable } : digest]),
  );
}

/** The JSON of what was asked of a node and came out: runs share what they reused, and nobody changes it. */
const written = new WeakMap<RunNode, string>();

function nodeJson(node: RunNode, isFormer: boolean): string {
  const known = isFormer ? undefined : written.get(node);
  if (known !== undefined) return known;
  const { stage, code, params, inputs } = node;
  const text = canonicalJson({
    stage,
    code: code ?? null,
    params: isFormer ? params : asGiven(params),
    inputs: (isFormer ? asFormer : asGiven)(inputs ?? {}),
    outputs: outputsOf(node),
  });
  if (!isFormer) written.set(node, text);
  return text;
}

/** What the hash of a run is made of, of one node: its name, and what was asked and came out. */
export function hashedMember(name: string, node: RunNode, isFormer = false): string {
  return `${JSON.stringify(name)}:${nodeJson(node, isFormer)}`;
}

/** The hash of a run from those members, in the order of their names, with commas between them. */
export function hashOfMembers(members: string, format: number = RECORD_FORMAT): string {
  return sha256(`{"format":${format},"nodes":{${members}}}`);
}

/**
 * The hash of a done run: of each node what was asked (stage, code, params, inputs) and what came out, but for what was measured. Equal
 * results share it, whatever the machine and its speed. The first format did not count the order of keys within a value.
 */
export function runHash(nodes: Readonly<Record<string, RunNode>>, format: number = RECORD_FORMAT): string {
  const isFormer = format < ATTRIBUTES_SINCE;
  const members = Object.keys(nodes)
    .sort()
    .map((name) => hashedMember(name, nodes[name] as RunNode, isFormer));
  return hashOfMembers(members.join(','), format);
}

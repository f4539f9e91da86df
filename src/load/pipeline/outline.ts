import { hash } from 'node:crypto';
import { isObject } from '../../files/json.ts';
import { nodeOf, parseInstanceName } from '../../model/instance-name.ts';
import type { Json } from '../../model/json.ts';
import type { Outline } from '../../model/outline.ts';
import type { ReadFile } from './pipeline.ts';
import { atPoint } from './selection.ts';

function digest(value: unknown): string {
  return hash('sha256', JSON.stringify(value), 'base64url');
}

const outlines = new WeakMap<ReadFile, Outline>();

/** The outline of a file that was read; undefined where it has no nodes, or more than its values counts: how its numbers are written. */
export function outlineOf(read: ReadFile): Outline | undefined {
  const { value } = read.overridden;
  // What was read may be anything yet.
  if (!isObject(value) || !isObject(value['stages']) || read.locate.written.size > 0) return undefined;
  const outline = outlines.get(read) ?? made(read);
  outlines.set(read, outline);
  return outline;
}

function made({ text: { plain }, overridden: { value, nodes: overrides, followsLinks } }: ReadFile): Outline {
  const { stages, ...head } = value as { readonly stages: Readonly<Record<string, Json>> };
  const ofAll = overrides.filter(({ point }) => point === undefined);
  return {
    plain,
    head: digest([head, followsLinks]),
    nodes: Object.keys(stages).map((name) => [name, digest([stages[name], ...ofAll.filter(({ node }) => node === name)])]),
    atPoints: overrides.flatMap(({ node, point, option }) => (point === undefined ? [] : [{ node, point, option }])),
  };
}

/** The names of instances that fit what an option is for. */
function meantBy({ node, point }: Outline['atPoints'][number], names: readonly string[]): string[] {
  const own = names.flatMap((name) => {
    const key = name.startsWith(`${node}[`) ? parseInstanceName(name)?.key : undefined;
    return key === undefined ? [] : [{ name, key }];
  });
  return atPoint(own, point).map(({ name }) => name);
}

/**
 * Which of a pipeline's instances are asked otherwise than before; undefined where more differs than what stands of nodes. Whether such a
 * node is still connected as it was, only reading it tells.
 */
export function askedOtherwise(before: Outline, now: Outline, names: readonly string[]): ReadonlySet<string> | undefined {
  const changed = new Set<string>();
  if (before.head !== now.head || before.nodes.length !== now.nodes.length) return undefined;
  for (const [index, [node, digest]] of now.nodes.entries()) {
    if (before.nodes[index]?.[0] !== node) return undefined;
    if (before.nodes[index]?.[1] !== digest) changed.add(node);
  }
  const otherwise = new Set(changed.size === 0 ? [] : names.filter((name) => changed.has(nodeOf(name))));
  if (JSON.stringify(before.atPoints) === JSON.stringify(now.atPoints)) return otherwise;
  const places = new Map(
    [...before.atPoints, ...now.atPoints].map((override) => [JSON.stringify([override.node, override.point]), override]),
  );
  for (const override of places.values()) {
    const meant = meantBy(override, names);
    // An option that is for nothing is a problem to be told.
    if (meant.length === 0) return undefined;
    for (const name of meant) otherwise.add(name);
  }
  return otherwise;
}

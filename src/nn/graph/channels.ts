import type { Graph } from './graph.ts';
import { integers, reshape } from './shapes.ts';
import type { Shape, Value } from './types.ts';
import { typeOf } from './types.ts';

const index = { type: 'int32' } as const;

const channelsOf = ({ shape }: Value): number => shape.at(-1) as number;

const withChannels = ({ shape }: Value, channels: number): Shape => [...shape.slice(0, -1), channels];

/** The last axes of all parts, one after the other. */
export function concatenate(graph: Graph, parts: readonly Value[]): Value {
  const [first] = parts;
  if (first === undefined) throw new Error('There is nothing to concatenate.');
  let channels = 0;
  const back = parts.map((part) => {
    const start = channels;
    channels += channelsOf(part);
    return [part, (dy: Value) => slice(graph, dy, start, channelsOf(part))] as const;
  });
  const axis = graph.constant(first.shape.length - 1, [], 'int32');
  const attributes = { T: typeOf(first), Tidx: index, N: { int: parts.length } };
  const output = graph.operation('ConcatV2', [...parts, axis], withChannels(first, channels), attributes);
  return graph.record(output, ...back);
}

/** `count` places of the last axis, from `start` on. */
export function sliceChannels(graph: Graph, x: Value, start: number, count: number): Value {
  const rest = channelsOf(x) - start - count;
  if (start < 0 || count < 1 || rest < 0)
    throw new Error(`${count} channels from ${start} on cannot be taken of ${channelsOf(x)} channels.`);
  return graph.record(slice(graph, x, start, count), [
    x,
    (dy) => {
      const before = x.shape.slice(0, -1).flatMap(() => [0, 0]);
      const paddings = graph.constant([...before, start, rest], [x.shape.length, 2], 'int32');
      return graph.operation('Pad', [dy, paddings], x.shape, { T: typeOf(dy), Tpaddings: index });
    },
  ]);
}

function slice(graph: Graph, x: Value, start: number, count: number): Value {
  const others = x.shape.slice(0, -1);
  const [begin, size] = [integers(graph, [...others.map(() => 0), start]), integers(graph, [...others.map(() => -1), count])];
  return graph.operation('Slice', [x, begin, size], withChannels(x, count), { T: typeOf(x), Index: index });
}

/** The last axis as `groups` equal parts, of which one place each is taken in turn (ShuffleNet's `channel_shuffle`). */
export function shuffleChannels(graph: Graph, x: Value, groups: number): Value {
  const channels = channelsOf(x);
  if (channels % groups !== 0) throw new Error(`${channels} channels are not ${groups} equal groups.`);
  const table = reshape(graph, x, [...x.shape.slice(0, -1), groups, channels / groups]);
  return reshape(graph, turnLast(graph, table), x.shape);
}

/** The last two axes in turned order. */
function turnLast(graph: Graph, x: Value): Value {
  const others = x.shape.slice(0, -2);
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  const order = integers(graph, [...others.map((_, axis) => axis), others.length + 1, others.length]);
  const output = graph.operation('Transpose', [x, order], [...others, columns, rows], { T: typeOf(x), Tperm: index });
  return graph.record(output, [x, (dy) => turnLast(graph, dy)]);
}

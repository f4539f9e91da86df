import type { Graph } from '../../graph/graph.ts';
import type { Value } from '../../graph/types.ts';
import { float } from '../../graph/types.ts';
import { currentValue } from './current-value.ts';
import type { ApplyMoments } from './moments.ts';
import { applyMoments } from './moments.ts';

/** A weight's norm counts at most this much. */
const LARGEST_NORM = 10;

/**
 * The layer-wise rate of Ralamb (RAdam + LARS, github.com/mgrankin/over9000, 2019): each weight's step is multiplied by the norm that the
 * weight has before it (at most 10), divided by the norm that it would have after the whole step; by 1 if either norm is 0. So what
 * grows moves less and what shrinks moves more. The whole step is made first, then the part of it that is too much is taken back.
 */
export const applyLayerwise: ApplyMoments = (graph, update, after) => {
  const { weight } = update;
  const start = after.length === 0 ? weight.value : currentValue(graph, weight, after);
  const whole = currentValue(graph, weight, [applyMoments(graph, update, [...after, start.node])]);
  const excess = graph.operation('Sub', [graph.constant(1), ratio(graph, start, whole)], []);
  const way = graph.operation('Sub', [whole, start], weight.shape);
  return graph.node('ResourceApplyGradientDescent', {
    inputs: [weight.handle, excess, way],
    attributes: { T: float, use_locking: { bool: false } },
  }).name;
};

/** min(‖start‖, 10) / ‖whole‖, or 1 if either is 0. */
function ratio(graph: Graph, start: Value, whole: Value): Value {
  const scalar = (op: string, ...inputs: Value[]): Value => graph.operation(op, inputs, []);
  const before = scalar('Minimum', scalar('L2Loss', start), graph.constant(LARGEST_NORM ** 2 / 2));
  const quotient = scalar('Sqrt', scalar('DivNoNan', before, scalar('L2Loss', whole)));
  const defined = graph.node('Greater', {
    inputs: [quotient, graph.constant(0)],
    attributes: { T: float },
    outputs: [[[], 'bool']],
  });
  return scalar('SelectV2', ...defined.outputs, quotient, graph.constant(1));
}

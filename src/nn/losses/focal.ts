import { recordRows } from './parts/cross-entropy.ts';
import type { Loss } from './parts/loss.ts';
import type { Graph } from '../graph/graph.ts';
import { integers, meanOver } from '../graph/shapes.ts';
import type { Value } from '../graph/types.ts';
import { type Choice, param } from '../../model/params.ts';

export const about = 'Cross-entropy in which what is certain already counts less.';

export const params = () => ({
  gamma: param.number({ min: 0, default: 2, about: 'How much less counts what is certain already; 0 is plain cross-entropy.' }),
});

/** Below this, what is missing to certainty counts as this: a power under 1 has no slope at 0. */
const LEAST = 1e-7;

/**
 * Focal loss (Lin et al., 2017) over all classes: the sum of −label · (1 − p)^γ · log p, where p is the softmax. What is certain already
 * counts less; with γ = 0 it is cross-entropy.
 */
const focal: Choice<Loss, typeof params> = ({ gamma }) => ({
  value(graph, { logits, smoothed: target }) {
    const { shape } = logits;
    const binary = (op: string, a: Value, b: Value): Value => graph.operation(op, [a, b], shape);
    const unary = (op: string, x: Value): Value => graph.operation(op, [x], shape);
    const log = unary('LogSoftmax', logits);
    const share = unary('Exp', log);
    const missing = binary('Maximum', binary('Sub', graph.constant(1), share), graph.constant(LEAST));
    const weight = binary('Pow', missing, graph.constant(gamma));
    const losses = sumOfClasses(graph, unary('Neg', binary('Mul', target, binary('Mul', weight, log))), false);
    // With l = log p: the loss of a class moves with l by −label · ((1 − p)^γ − γ · p · (1 − p)^(γ − 1) · l), and l with the logits as in softmax.
    const bend = binary('Mul', binary('Mul', binary('Div', weight, missing), graph.constant(gamma)), binary('Mul', share, log));
    const byLog = unary('Neg', binary('Mul', target, binary('Sub', weight, bend)));
    const slope = binary('Sub', byLog, binary('Mul', share, sumOfClasses(graph, byLog, true)));
    return meanOver(graph, recordRows(graph, losses, logits, slope), [0], false);
  },
});

function sumOfClasses(graph: Graph, x: Value, keep: boolean): Value {
  const [rows] = x.shape as readonly [number];
  const attributes = { T: { type: 'float' }, Tidx: { type: 'int32' }, keep_dims: { bool: keep } } as const;
  return graph.operation('Sum', [x, integers(graph, [1])], keep ? [rows, 1] : [rows], attributes);
}

export default focal;

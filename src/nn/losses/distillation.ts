import { add, multiply } from '../graph/arithmetic.ts';
import type { Graph } from '../graph/graph.ts';
import { integers, meanOver } from '../graph/shapes.ts';
import type { Value } from '../graph/types.ts';
import { crossEntropy } from './parts/cross-entropy.ts';
import type { Loss } from './parts/loss.ts';
import { type Choice, param } from '../../model/params.ts';

export const about = "Cross-entropy with the labels, and divergence from a teacher's answers.";

export const params = () => ({
  temperature: param.number({ above: 0, default: 4, about: "What both sides' logits are divided by." }),
  teacher: param.choice(['stored', 'online'], {
    default: 'stored',
    about: 'Whether the teacher has answered each image once, uncropped, or answers each batch as the student sees it.',
  }),
  teacher_weight: param.number({ min: 0, max: 1, default: 0.9, about: "The teacher's part in the loss." }),
});

/**
 * Knowledge distillation (Hinton et al., 2015): (1 − w) · cross-entropy with the labels + w · T² · KL(teacher ‖ student), where both
 * sides' logits are divided by the temperature T before softmax. T² keeps gradients of equal size over temperatures.
 */
const distillation: Choice<Loss, typeof params> = ({ temperature, teacher: kind, teacher_weight: teacherWeight }) => ({
  teaching: { temperature, teacher: kind },
  value(graph, { logits, smoothed, teacher }) {
    if (teacher === undefined) throw new Error('Distillation needs a teacher’s answers.');
    const own = crossEntropy(graph, logits, smoothed);
    const softer = multiply(graph, logits, graph.constant(1 / temperature));
    const entropy = meanOver(graph, plogp(graph, teacher), [0], false);
    const divergence = add(graph, crossEntropy(graph, softer, teacher), entropy);
    const weighted = multiply(graph, divergence, graph.constant(teacherWeight * temperature ** 2));
    return add(graph, multiply(graph, own, graph.constant(1 - teacherWeight)), weighted);
  },
});

/** Σ p · log p of each row, 0 where p is 0. No gradient reaches the teacher. */
function plogp(graph: Graph, p: Value): Value {
  const attributes = { T: { type: 'float' }, Tidx: { type: 'int32' }, keep_dims: { bool: false } } as const;
  return graph.operation('Sum', [graph.operation('Xlogy', [p, p], p.shape), integers(graph, [1])], p.shape.slice(0, 1), attributes);
}

export default distillation;

import type { Graph } from '../graph/graph.ts';
import type { Value } from '../graph/types.ts';
import { crossEntropy } from './parts/cross-entropy.ts';
import type { Loss } from './parts/loss.ts';
import { type Choice, param } from '../../model/params.ts';

export const about = "ArcFace: cross-entropy of cosines, with a margin added to the angle of an image's own class.";

export const params = () => ({
  margin: param.number({ min: 0, max: 1, default: 0.3, about: "Radians added to the angle of an image's class." }),
  scale: param.number({ above: 0, default: 16, about: 'What cosines are multiplied by.' }),
});

/** Keeps the sine, which the slope divides by, away from 0. */
const EDGE = 1 - 1e-6;

/**
 * ArcFace (Deng et al., 2019): the network answers s · cos θ, with θ between the image's features and a class's direction; the right
 * class's angle is enlarged by the margin before softmax. Where labels are soft or mixed, each class's margin is its label's share.
 * Where θ + m would go beyond π the cosine falls on evenly, by m · sin m, as in the authors' implementation.
 */
const arcface: Choice<Loss, typeof params> = ({ margin, scale }) => ({
  cosines: scale,
  value: (graph, { logits, labels, smoothed }) => crossEntropy(graph, withMargin(graph, logits, labels, { margin, scale }), smoothed),
});

function withMargin(graph: Graph, logits: Value, labels: Value, { margin, scale }: { margin: number; scale: number }): Value {
  const { shape } = logits;
  const binary = (op: string, a: Value, b: Value): Value => graph.operation(op, [a, b], shape);
  const unary = (op: string, x: Value): Value => graph.operation(op, [x], shape);
  const scaled = binary('Mul', logits, graph.constant(1 / scale));
  const cosine = binary('Maximum', binary('Minimum', scaled, graph.constant(EDGE)), graph.constant(-EDGE));
  const sine = unary('Sqrt', binary('Sub', graph.constant(1), unary('Square', cosine)));
  const angle = binary('Mul', labels, graph.constant(margin));
  const [marginCosine, marginSine] = [unary('Cos', angle), unary('Sin', angle)];
  const turned = binary('Sub', binary('Mul', cosine, marginCosine), binary('Mul', sine, marginSine));
  const slope = binary('AddV2', marginCosine, binary('Div', binary('Mul', cosine, marginSine), sine));
  const inside = graph.node('Greater', {
    inputs: [cosine, unary('Neg', marginCosine)],
    attributes: { T: { type: 'float' } },
    outputs: [[shape, 'bool']],
  }).outputs[0] as Value;
  const choose = (then: Value, otherwise: Value): Value => graph.operation('SelectV2', [inside, then, otherwise], shape);
  const ones = graph.operation('OnesLike', [cosine], shape);
  const enlarged = choose(turned, binary('Sub', cosine, binary('Mul', angle, marginSine)));
  const output = binary('Mul', enlarged, graph.constant(scale));
  const chosen = choose(slope, ones);
  return graph.record(output, [logits, (dy) => binary('Mul', dy, chosen)]);
}

export default arcface;

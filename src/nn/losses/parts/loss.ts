import type { Graph } from '../../graph/graph.ts';
import type { Value } from '../../graph/types.ts';

/** What a loss compares, each [N, classes]. */
export interface Answers {
  readonly logits: Value;
  /** Probabilities; a hard label is a one-hot row. */
  readonly labels: Value;
  /** The teacher's probabilities at the options' temperature; only for a loss that learns from them. */
  readonly teacher?: Value;
}

/** What the losses may be told. Each reads what concerns it. */
export interface LossOptions {
  /** The share of every label that is moved evenly to all classes. */
  readonly smoothing: number;
  /** Focal loss: the power of what is missing to certainty; 0 is plain cross-entropy. */
  readonly focalGamma: number;
  /** Distillation: what both sides' logits are divided by. */
  readonly temperature: number;
  /** Distillation: the teacher's part in the loss, from 0 to 1. */
  readonly teacherWeight: number;
  /** ArcFace: the angle in radians that is added to that of the right class. */
  readonly margin: number;
  /** ArcFace: what cosines are multiplied by. */
  readonly scale: number;
}

/** A loss function. Each choice in `losses/` exports one as its default. */
export interface Loss {
  /** True if the network must end in a layer of scaled cosines instead of a dense one. */
  readonly cosines?: true;
  /** True if it learns from a teacher's answers. */
  readonly teacher?: true;
  /** Adds the mean loss over the batch to the graph; its gradient reaches the logits. */
  readonly value: (graph: Graph, answers: Answers, options: LossOptions) => Value;
}

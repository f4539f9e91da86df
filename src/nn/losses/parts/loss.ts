import type { Graph } from '../../graph/graph.ts';
import type { Value } from '../../graph/types.ts';

/** What a loss compares, each [N, classes]. */
export interface Answers {
  readonly logits: Value;
  /** Probabilities; a hard label is a one-hot row. */
  readonly labels: Value;
  /** The labels as the loss is to learn them: of each, a share is spread evenly over all classes. */
  readonly smoothed: Value;
  /** The teacher's probabilities at the loss's temperature; only for a loss that learns from them. */
  readonly teacher?: Value;
}

/** How a loss learns from a teacher. */
export interface Teaching {
  /** What a teacher's logits are divided by. */
  readonly temperature: number;
  /** `stored`: answers that were given to each image once, before any crop. `online`: those that trained models give to each batch. */
  readonly teacher: 'stored' | 'online';
}

/** A loss function. Each choice in `losses/` exports one as its default, or a function of its params that makes one. */
export interface Loss {
  /** What the cosines are multiplied by, if the network must end in a layer of scaled cosines instead of a dense one. */
  readonly cosines?: number;
  /** Set if it learns from a teacher's answers. */
  readonly teaching?: Teaching;
  /** Adds the mean loss over the batch to the graph; its gradient reaches the logits. */
  readonly value: (graph: Graph, answers: Answers) => Value;
}

/** Whether losses are at least as small in all and smaller in one. */
function dominates(a: readonly number[], b: readonly number[]): boolean {
  return a.every((value, index) => value <= (b[index] ?? value)) && a.some((value, index) => value < (b[index] ?? value));
}

/** The ranks of losses: 0 for those that none dominates, 1 for those that only rank 0 dominates, and so on. */
function ranks(losses: readonly (readonly number[])[]): number[] {
  const found = losses.map(() => -1);
  for (let rank = 0; found.includes(-1); rank += 1) {
    const left = losses.flatMap((_, index) => (found[index] === -1 ? [index] : []));
    const front = left.filter((index) => !left.some((other) => dominates(losses[other] ?? [], losses[index] ?? [])));
    for (const index of front) found[index] = rank;
  }
  return found;
}

/** How lonely each of some losses is: the sum over objectives of the distance between its neighbours; the outermost are infinitely so (Deb 2002). */
function crowding(losses: readonly (readonly number[])[]): number[] {
  const found = losses.map(() => 0);
  for (let objective = 0; objective < (losses[0]?.length ?? 0); objective += 1) {
    const lossOf = (index: number | undefined): number => (index === undefined ? 0 : (losses[index]?.[objective] ?? 0));
    const order = losses.map((_, index) => index).sort((a, b) => lossOf(a) - lossOf(b));
    const width = lossOf(order.at(-1)) - lossOf(order[0]) || 1;
    for (const [rank, index] of order.entries()) {
      const isOutermost = rank === 0 || rank === order.length - 1;
      found[index] =
        (found[index] ?? 0) + (isOutermost ? Number.POSITIVE_INFINITY : (lossOf(order[rank + 1]) - lossOf(order[rank - 1])) / width);
    }
  }
  return found;
}

/** The indices of losses, the best first: by rank, and within a rank the loneliest first; with one objective simply by its loss, and without one as they come. */
export function bestFirst(losses: readonly (readonly number[])[]): number[] {
  const indices = losses.map((_, index) => index);
  if ((losses[0]?.length ?? 1) <= 1) return indices.sort((a, b) => (losses[a]?.[0] ?? 0) - (losses[b]?.[0] ?? 0));
  const rankOf = ranks(losses);
  const lonely = losses.map(() => 0);
  for (const rank of new Set(rankOf)) {
    const members = indices.filter((index) => rankOf[index] === rank);
    const distances = crowding(members.map((index) => losses[index] ?? []));
    for (const [at, index] of members.entries()) lonely[index] = distances[at] ?? 0;
  }
  // Infinity minus infinity is no order.
  const loneliness = (index: number): number => Math.min(lonely[index] ?? 0, Number.MAX_VALUE);
  return indices.sort((a, b) => (rankOf[a] ?? 0) - (rankOf[b] ?? 0) || loneliness(b) - loneliness(a));
}

/** The indices of the losses that none dominates: the Pareto front, in their order. */
export function paretoFront(losses: readonly (readonly number[])[]): number[] {
  return losses.flatMap((loss, index) => (losses.some((other) => dominates(other, loss)) ? [] : [index]));
}

/** Whether losses are at least as small in all and smaller in one. */
function dominates(a: readonly number[], b: readonly number[]): boolean {
  let isSmaller = false;
  for (const [index, value] of b.entries()) {
    const own = a[index] ?? value;
    if (own > value) return false;
    isSmaller ||= own < value;
  }
  return isSmaller;
}

/** Losses in the order of the first that differs. */
function byEach(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at === -1 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}

/**
 * The indices of losses in fronts, each in their order: the first of those that none dominates, the next of those that only it dominates, and so on
 * (Zhang 2015). In the order of the first that differs none dominates one before it, and whose first front it is not in dominates it there.
 */
function frontsOf(losses: readonly (readonly number[])[]): number[][] {
  const at = (index: number): readonly number[] => losses[index] ?? [];
  const fronts: number[][] = [];
  // Of two losses the last in a front has the smallest second one.
  const isBehind = (front: readonly number[], index: number): boolean =>
    (at(index).length <= 2 ? front.slice(-1) : front).some((other) => dominates(at(other), at(index)));
  for (const index of losses.map((_, one) => one).sort((a, b) => byEach(at(a), at(b)))) {
    let [low, high] = [0, fronts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBehind(fronts[middle] ?? [], index)) low = middle + 1;
      else high = middle;
    }
    const front = fronts[low];
    if (front === undefined) fronts.push([index]);
    else front.push(index);
  }
  return fronts.map((front) => front.sort((a, b) => a - b));
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

/** The indices of losses, the best first: by front, and within a front the loneliest first; with one objective simply by its loss, and without one as they come. */
export function bestFirst(losses: readonly (readonly number[])[]): number[] {
  const indices = losses.map((_, index) => index);
  if ((losses[0]?.length ?? 1) <= 1) return indices.sort((a, b) => (losses[a]?.[0] ?? 0) - (losses[b]?.[0] ?? 0));
  return frontsOf(losses).flatMap((front) => {
    const lonely = crowding(front.map((index) => losses[index] ?? []));
    // Infinity minus infinity is no order.
    const loneliness = (place: number): number => Math.min(lonely[place] ?? 0, Number.MAX_VALUE);
    const places = front.map((_, place) => place).sort((a, b) => loneliness(b) - loneliness(a));
    return places.map((place) => front[place] ?? 0);
  });
}

/** The indices of the losses that none dominates: the Pareto front, in their order. */
export function paretoFront(losses: readonly (readonly number[])[]): number[] {
  return frontsOf(losses)[0] ?? [];
}

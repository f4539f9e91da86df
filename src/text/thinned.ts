type Points = readonly (readonly [step: number, value: number])[];

/**
 * A curve with at most about so many points, which looks the same: of each stretch the first, the smallest, the largest and the last one. A
 * curve of fewer points is left as it is.
 */
export function thinned(points: Points, most: number): Points {
  const stretches = Math.max(1, Math.floor(most / 4));
  if (points.length <= Math.max(most, 4)) return points;
  const kept = Array.from({ length: stretches }, (_, index) => {
    const from = Math.floor((index * points.length) / stretches);
    const to = Math.floor(((index + 1) * points.length) / stretches);
    let [low, high] = [from, from];
    for (let at = from; at < to; at += 1) {
      if ((points[at]?.[1] ?? 0) < (points[low]?.[1] ?? 0)) low = at;
      if ((points[at]?.[1] ?? 0) > (points[high]?.[1] ?? 0)) high = at;
    }
    return [from, low, high, to - 1];
  });
  const wanted = new Set(kept.flat());
  return points.filter((_, at) => wanted.has(at));
}

/** So many of a list at even distances, with the first and the last one. */
export function evenly<Item>(items: readonly Item[], most: number): readonly Item[] {
  if (items.length <= most) return items;
  return Array.from({ length: most }, (_, index) => items[Math.round((index * (items.length - 1)) / (most - 1))] as Item);
}

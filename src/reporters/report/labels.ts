/** A rectangle in pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A point with a label that is to stand beside it. */
export interface Labelled {
  readonly x: number;
  readonly y: number;
  readonly label: string;
}

/** About the width of a letter of a label, and its height, in pixels. */
const LETTER = { width: 6.3, height: 13 };

/** Pixels around a point that a label leaves free. */
const RADIUS = 7;

/** How far from its point a label may stand. */
const DISTANCES = [0, 14, 28, 44, 62];

function overlap(a: Box, b: Box): boolean {
  return a.left < b.left + b.width && b.left < a.left + a.width && a.top < b.top + b.height && b.top < a.top + a.height;
}

function isInside(inner: Box, outer: Box): boolean {
  return (
    inner.left >= outer.left &&
    inner.top >= outer.top &&
    inner.left + inner.width <= outer.left + outer.width &&
    inner.top + inner.height <= outer.top + outer.height
  );
}

/** Where a label may stand, the best place first: right, left, above, below, and between these, ever further away. */
function placesOf({ x, y, label }: Labelled): Box[] {
  const size = { width: label.length * LETTER.width, height: LETTER.height };
  const directions = [
    [1, 0],
    [-1, 0],
    [0, -1],
    [0, 1],
    [1, -1],
    [1, 1],
    [-1, -1],
    [-1, 1],
  ] as const;
  return DISTANCES.flatMap((distance) =>
    directions.map(([across, down]) => ({
      ...size,
      left: x + across * (RADIUS + distance) + (across < 0 ? -size.width : across === 0 ? -size.width / 2 : 0),
      top: y + down * (RADIUS + distance) + (down < 0 ? -size.height : down === 0 ? -size.height / 2 : 0),
    })),
  );
}

/**
 * Places labels so that none covers another, a point or the frame; those that come first choose first. A label for which there is no room
 * is undefined.
 */
export function placeLabels(points: readonly Labelled[], frame: Box): (Box | undefined)[] {
  const taken: Box[] = points.map(({ x, y }) => ({
    left: x - RADIUS + 1,
    top: y - RADIUS + 1,
    width: 2 * RADIUS - 2,
    height: 2 * RADIUS - 2,
  }));
  return points.map((point) => {
    const place = placesOf(point).find((box) => isInside(box, frame) && !taken.some((other) => overlap(box, other)));
    if (place !== undefined) taken.push(place);
    return place;
  });
}

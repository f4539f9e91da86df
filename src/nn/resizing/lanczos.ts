import type { Preparation } from '../images/decode.ts';
import type { Algebra } from './algebra.ts';

/** How far Lanczos-3 reaches to each side, in pixels of the result. */
const REACH = 3;

/** Below this, a place counts as the kernel's middle, where it is 1. */
const TINY = 1e-4;

/** How one axis of a picture is laid out in the square. */
export interface Axis<Value> {
  /** Of the picture, and of what it is scaled to. */
  readonly extent: Value;
  readonly scaled: Value;
  /** Pixels of the picture for one of the result; the same for both axes where proportions are kept, as if extents were not rounded. */
  readonly ratio: Value;
  /** Where that begins in the square; negative where it stands over. */
  readonly offset: Value;
}

/** The part of the square that is shown. */
export interface Shown {
  readonly from: number;
  readonly size: number;
}

/** A table that makes an axis of a picture one of the shown part by a matrix product. */
export interface Resampling<Value> {
  /** A row for each shown place, a column for each pixel of the picture. */
  readonly table: Value;
  /** A column: 1 where the picture is, 0 where the background is. */
  readonly inside: Value;
}

/** How height and width are laid out in a square, as `decodeImage` does it. */
export function axesOf<Value>(
  algebra: Algebra<Value>,
  { size, fit }: Pick<Preparation, 'size' | 'fit'>,
  extents: readonly [height: Value, width: Value],
): [height: Axis<Value>, width: Axis<Value>] {
  const { number, compute, apply } = bound(algebra);
  const [square, half, one] = [number(size), number(0.5), number(1)];
  const [height, width] = extents;
  const longer = compute(fit === 'cover' ? 'smaller' : 'larger', height, width);
  const whole = fit === 'shrink' ? compute('larger', longer, square) : longer;
  const axis = (extent: Value): Axis<Value> => {
    if (fit === 'stretch') return { extent, scaled: square, ratio: compute('divide', extent, square), offset: number(0) };
    const exact = compute('divide', compute('multiply', extent, square), whole);
    const scaled = compute('larger', one, apply('floor', compute('add', exact, half)));
    const room = compute('subtract', square, scaled);
    return { extent, scaled, ratio: compute('divide', whole, square), offset: apply('floor', compute('multiply', room, half)) };
  };
  return [axis(height), axis(width)];
}

/** sin(πx) / (πx) of what is not 0. */
function sinc<Value>(algebra: Algebra<Value>, x: Value): Value {
  const { number, compute, apply } = bound(algebra);
  const angle = compute('multiply', x, number(Math.PI));
  return compute('divide', apply('sine', angle), angle);
}

/** Catmull-Rom's curve at a distance of 0 and more. */
function cubic<Value>(algebra: Algebra<Value>, distance: Value): Value {
  const { number, compute } = bound(algebra);
  /** Horner's scheme, from the highest power on. */
  const polynomial = ([highest, ...rest]: readonly [number, ...number[]]): Value =>
    rest.reduce((sum, factor) => compute('add', compute('multiply', sum, distance), number(factor)), number(highest));
  const [near, next] = [algebra.below(distance, number(1)), algebra.below(distance, number(2))];
  const inner = compute('multiply', polynomial([1.5, -2.5, 0, 1]), near);
  const outer = compute('multiply', polynomial([-0.5, 2.5, -4, 2]), compute('subtract', next, near));
  return compute('add', inner, outer);
}

/** The weights where a picture becomes larger: those beyond its edges are the edge's. */
function enlarging<Value>(algebra: Algebra<Value>, pixels: Value, centre: Value, extent: Value): Value {
  const { number, compute, apply } = bound(algebra);
  const at = (place: Value): Value => cubic(algebra, apply('absolute', compute('subtract', place, centre)));
  const first = compute('multiply', algebra.below(pixels, number(0.5)), compute('add', at(number(-1)), at(number(-2))));
  const beyond = compute('add', at(extent), at(compute('add', extent, number(1))));
  const last = compute('multiply', algebra.below(compute('subtract', extent, number(1.5)), pixels), beyond);
  return compute('add', at(pixels), compute('add', first, last));
}

/** The weights where it becomes smaller or stays: Lanczos-3, that much wider. */
function shrinking<Value>(algebra: Algebra<Value>, distances: Value, reach: Value): Value {
  const { number, compute, apply } = bound(algebra);
  const distance = compute('divide', apply('absolute', distances), reach);
  const far = compute('larger', distance, number(TINY));
  const kernel = compute('multiply', sinc(algebra, far), sinc(algebra, compute('divide', far, number(REACH))));
  const weights = compute('multiply', kernel, algebra.below(distance, number(REACH)));
  return compute('divide', weights, algebra.rowSums(weights));
}

/**
 * The table of an axis, as libvips resizes: Lanczos-3, widened, where the picture becomes smaller; Catmull-Rom where it becomes larger, half
 * a pixel of the result before the middle. The weights of each row add up to 1.
 */
export function resampling<Value>(
  algebra: Algebra<Value>,
  { extent, scaled, ratio, offset }: Axis<Value>,
  { from, size }: Shown,
): Resampling<Value> {
  const { number, compute } = bound(algebra);
  const [zero, half, one] = [number(0), number(0.5), number(1)];
  const place = compute('subtract', compute('add', algebra.column(size), number(from)), offset);
  const inside = compute('multiply', algebra.below(number(-0.5), place), algebra.below(place, compute('subtract', scaled, half)));
  const within = compute('smaller', compute('larger', place, zero), compute('subtract', scaled, one));
  const begins = compute('subtract', compute('multiply', within, ratio), half);
  const rounding = compute('subtract', compute('multiply', scaled, ratio), extent);
  const centre = compute('add', begins, compute('multiply', compute('subtract', ratio, rounding), half));
  const pixels = algebra.row(extent);
  const smaller = shrinking(algebra, compute('subtract', pixels, centre), compute('larger', ratio, one));
  const larger = enlarging(algebra, pixels, begins, extent);
  const enlarges = algebra.below(ratio, one);
  const weights = compute('add', smaller, compute('multiply', enlarges, compute('subtract', larger, smaller)));
  return { inside, table: compute('multiply', weights, inside) };
}

function bound<Value>(algebra: Algebra<Value>): Pick<Algebra<Value>, 'number' | 'compute' | 'apply'> {
  return {
    number: (value) => algebra.number(value),
    compute: (operation, a, b) => algebra.compute(operation, a, b),
    apply: (operation, x) => algebra.apply(operation, x),
  };
}

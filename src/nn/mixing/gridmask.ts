import type { Batch, Mixing } from './parts/mixing.ts';
import { sometimes } from './parts/mixing.ts';
import { probability } from './parts/params.ts';
import { type Choice, param } from '../../model/params.ts';

export const about = 'GridMask: squares between the lines of a grid are blotted out.';

export const params = () => ({
  probability: probability(),
  from: param.number({ above: 0, max: 2, default: 0.4, about: "The grid's smallest period, as a share of the image's side." }),
  to: param.number({ above: 0, max: 2, default: 1, about: "The grid's largest period, as a share of the image's side." }),
  ratio: param.number({ min: 0, max: 1, default: 0.6, about: 'The share of a period that is kept, along each axis.' }),
  rotate: param.number({ min: 0, max: 360, default: 0, about: 'The largest angle in degrees that the grid is turned by.' }),
});

/** How the grids are drawn. */
type GridOptions = Omit<Parameters<Choice<Mixing, typeof params>>[0], 'probability'>;

/** One image's grid of square cells, each with a line along two of its sides. */
interface Grid {
  /** The distance of two lines, in pixels. */
  readonly distance: number;
  /** How wide a line is, and how far the grid is moved along both directions; in shares of that distance. */
  readonly line: number;
  readonly across: number;
  readonly down: number;
  /** In radians, from 0 to a quarter turn. */
  readonly angle: number;
}

/**
 * GridMask (Chen et al., 2020): a grid of lines is kept of each image and the squares between them become the mean colour. The lines'
 * distance is drawn between the shares `from` and `to` of the image's shorter side, each line is `ratio` of it wide, so (1 − ratio)² of
 * the pixels are masked on average; distance, angle (0 to `rotate` degrees) and offset are each image's own. Labels stay as they are.
 * As in the authors' implementation masked pixels are 0 to the network, that is, of the mean colour.
 */
const gridmask: Choice<Mixing, typeof params> = ({ probability, ...grid }) => sometimes(probability, mask(grid));

const mask =
  ({ from, to, ratio, rotate }: GridOptions): Mixing =>
  (batch, random) => {
    const { size, height, width, channels, mean } = batch;
    const blank = Uint8Array.from({ length: width * channels }, (_, place) => mean[place % channels] as number);
    for (let image = 0; image < size; image++) {
      const distance = Math.min(height, width) * (from + (to - from) * random.uniform());
      const degrees = (rotate * random.uniform()) % 90;
      const grid = { distance, line: ratio, across: random.uniform(), down: random.uniform(), angle: (degrees * Math.PI) / 180 };
      maskImage(batch, image, grid, blank);
    }
  };

/** Masks one image. It goes along each row from one line's edge to the next; `blank` is a row of masked pixels. */
function maskImage({ height, width, channels, images }: Batch, image: number, grid: Grid, blank: Uint8Array): void {
  const [cosine, sine] = [Math.cos(grid.angle) / grid.distance, Math.sin(grid.angle) / grid.distance];
  for (let row = 0; row < height; row++) {
    let length = 0;
    for (let column = 0; column < width; column += length) {
      const across = fraction(grid.across + column * cosine - row * sine);
      const down = fraction(grid.down + column * sine + row * cosine);
      length = Math.min(pixelsToEdge(across, grid.line, cosine), pixelsToEdge(down, grid.line, sine), width - column);
      if (across >= grid.line && down >= grid.line) {
        images.set(blank.subarray(0, length * channels), ((image * height + row) * width + column) * channels);
      }
    }
  }
}

const fraction = (number: number): number => number - Math.floor(number);

/** The pixels, at least one, after which a place within a cell (0 to 1, the line first) has gone from the line to the gap or back. */
function pixelsToEdge(place: number, line: number, step: number): number {
  return Math.max(1, Math.ceil(((place < line ? line : 1) - place) / step));
}

export default gridmask;

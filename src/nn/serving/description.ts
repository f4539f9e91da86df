import type { Preparation } from '../images/decode.ts';
import type { TensorLayout } from '../images/normalise.ts';
import type { Network } from '../network.ts';
import type { ModelInput } from '../weights/model-folder.ts';

/** What an exported model is told by. */
export interface Described {
  readonly architecture: string;
  readonly classes: readonly string[];
  readonly input: ModelInput;
  readonly preparation: Preparation;
  readonly network: Network;
}

/** How a picture becomes what a model takes, one step after another: all that another program needs to do the same. */
export interface Preprocessing {
  /** Which way up: as the picture's EXIF says. */
  readonly orientation: 'exif';
  /** What lies behind transparent pixels: 0 (black) to 255 (white) for every channel. */
  readonly background: number;
  /** Numbers of a pixel: 8 bits each; grey is the luminance of linear light (Rec. 709), on sRGB's curve again. */
  readonly colour: 'RGB, 8 bits, sRGB' | 'grey, 8 bits, luminance of linear light on the curve of sRGB';
  readonly resize: {
    readonly size: number;
    readonly fit: Preparation['fit'];
    /** What that means for a picture of width × height. */
    readonly rule: string;
    readonly kernel: 'lanczos3';
    /** The kernel is widened where a picture becomes smaller. */
    readonly antialias: true;
    /** What is done instead where it becomes larger. */
    readonly enlarging: string;
    readonly rounding: string;
  };
  /** The square part of the result that is shown: (size − crop) / 2 pixels from the left and the top, rounded down. */
  readonly crop: number;
  /** (value × scale − mean) / std, for each channel. */
  readonly scale: string;
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly layout: TensorLayout;
}

const rules: Readonly<Record<Preparation['fit'], string>> = {
  pad: 'scaled until the longer side is size, then in the middle of a square of the background, offsets rounded down',
  shrink: 'as pad, but a picture that fits is not enlarged',
  cover: 'scaled until the shorter side is size, then the middle of the longer one, its offset rounded up',
  stretch: 'width and height scaled to size, each by itself',
};

/** How a picture becomes what a model takes. */
export function preprocessingOf(input: ModelInput, { size, channels, fit, background }: Preparation, layout: TensorLayout): Preprocessing {
  return {
    orientation: 'exif',
    background,
    colour: channels === 1 ? 'grey, 8 bits, luminance of linear light on the curve of sRGB' : 'RGB, 8 bits, sRGB',
    resize: {
      size,
      fit,
      rule: rules[fit],
      kernel: 'lanczos3',
      antialias: true,
      enlarging: 'Catmull-Rom (cubic, a = -0.5), edges repeated; place x of the result shows place x * (side / scaled side) - 0.5',
      rounding: 'sides to the nearest whole number, at least 1; values to 0 … 255',
    },
    crop: input.size,
    scale: '1/255',
    mean: input.mean,
    std: input.std,
    layout,
  };
}

/** The epsilon of the batch norms that are left in a network, in rising order; none once they are folded into convolutions. */
export function epsilonsOf({ layers }: Network): number[] {
  const all = layers.flatMap((layer) => (layer.kind === 'batch-norm' ? [layer.epsilon] : []));
  return [...new Set(all)].sort((a, b) => a - b);
}

/**
 * What a file of an exported model says of it, as texts by key. Lists and `preprocessing` are JSON. `input` takes normalised float32 images
 * of the layout, `logits` are before the softmax.
 */
export function describeModel(
  { architecture, classes, input, preparation, network }: Described,
  layout: TensorLayout,
): Record<string, string> {
  return {
    architecture,
    classes: JSON.stringify(classes),
    size: String(input.size),
    channels: String(input.channels),
    mean: JSON.stringify(input.mean),
    std: JSON.stringify(input.std),
    layout,
    preprocessing: JSON.stringify(preprocessingOf(input, preparation, layout)),
    bn_eps: JSON.stringify(epsilonsOf(network)),
  };
}

/** What a file of an exported model says of itself, read back. */
export interface ReadDescription extends Omit<Described, 'network' | 'preparation'> {
  /** Undefined where the file does not say how pictures are prepared. */
  readonly preparation: Preparation | undefined;
}

/** Reads what `describeModel` wrote. Throws if a key is missing that a model cannot be used without. */
export function readDescription(texts: Readonly<Record<string, string>>): ReadDescription {
  const text = (key: string): string => {
    const found = texts[key];
    if (found === undefined) throw new Error(`The file says nothing of its ${key}: it was not written by the stage export.`);
    return found;
  };
  const numbers = (key: string): number[] => JSON.parse(text(key)) as number[];
  const input = { size: Number(text('size')), channels: Number(text('channels')), mean: numbers('mean'), std: numbers('std') };
  const { background, resize } = (
    texts['preprocessing']?.startsWith('{') ? JSON.parse(texts['preprocessing']) : {}
  ) as Partial<Preprocessing>;
  const preparation =
    background === undefined || resize === undefined
      ? undefined
      : { size: resize.size, channels: input.channels, fit: resize.fit, background };
  return { architecture: text('architecture'), classes: JSON.parse(text('classes')) as string[], input, preparation };
}

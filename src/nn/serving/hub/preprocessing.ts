import type { Preparation } from '../../images/decode.ts';
import type { ModelInput } from '../../weights/model-folder.ts';

/** How a package turns a picture into a model's input, by the fields of its own configuration. */
export interface HubPreprocessing {
  readonly fields: Readonly<Record<string, unknown>>;
  /** What the package cannot do as the model's images were prepared; undefined where it does the same. */
  readonly differs: string | undefined;
}

/** The share of the prepared image that a model sees; timm divides by it and rounds down, which must give the prepared size. */
function shownShare(size: number, prepared: number): number {
  let share = size / prepared;
  while (Math.floor(size / share) < prepared) share -= 1e-9;
  return share;
}

const cropModes = { cover: 'center', stretch: 'squash', pad: 'border', shrink: 'border' } as const;

/** timm's: `center` scales the shorter side and crops, `squash` ignores the proportions, `border` pads with the mean colour. */
export function timmPreprocessing({ size, mean, std, channels }: ModelInput, preparation: Preparation): HubPreprocessing {
  const { fit, background } = preparation;
  const fields = {
    input_size: [channels, size, size],
    interpolation: 'lanczos',
    crop_pct: shownShare(size, preparation.size),
    crop_mode: cropModes[fit],
    mean,
    std,
  };
  const border = mean.map((value) => Math.round(255 * value));
  const padsAlike = border.every((value) => value === background);
  const differs =
    fit === 'shrink'
      ? 'timm enlarges small pictures and pads with the mean colour, where this model was trained on pictures that were never enlarged'
      : fit === 'pad' && !padsAlike
        ? `timm pads with the mean colour, where this model was trained on pictures padded with the value ${background}`
        : undefined;
  return { fields, differs };
}

/** The fields of the `preprocessor_config.json` that `@huggingface/transformers` reads. It pads with black alone. */
export function transformersPreprocessing({ size, mean, std, channels }: ModelInput, preparation: Preparation): HubPreprocessing {
  const { fit, background, size: prepared } = preparation;
  const sizes = { cover: { shortest_edge: prepared }, stretch: { height: prepared, width: prepared } };
  const fields = {
    do_convert_rgb: channels === 3,
    do_resize: true,
    size: fit === 'cover' || fit === 'stretch' ? sizes[fit] : { longest_edge: prepared },
    resample: 1,
    do_center_crop: true,
    crop_size: { height: size, width: size },
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: mean,
    image_std: std,
    do_pad: false,
  };
  const differs =
    fit === 'shrink'
      ? 'transformers.js enlarges small pictures, where this model was trained on pictures that were never enlarged'
      : fit === 'pad' && background !== 0
        ? `transformers.js pads with black, where this model was trained on pictures padded with the value ${background}`
        : undefined;
  return { fields, differs };
}

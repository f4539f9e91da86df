import type { WorkContext } from 'stillroom';
import { cropCentre, fuse, Normaliser, quantise, shortWeights } from 'stillroom/nn';
import type { Dataset, GraphRewrite, Model, Precision } from 'stillroom/nn';
import type stage from './stage.ts';

/** Images that calibrate at once: the values of all layers are held for so many. */
const batch = 8;

/** What the ONNX file is made of. */
export interface OnnxForm {
  readonly model: Model;
  readonly precision: Precision;
  /** What is made of its graph. */
  readonly rewrite?: GraphRewrite;
}

/** So many of some images, spread evenly over them. */
export function spread(images: readonly number[], count: number): readonly number[] {
  if (count >= images.length) return images;
  return Array.from({ length: count }, (_, place) => images[Math.floor((place * images.length) / count)] as number);
}

/** The training images that calibrate int8; none in another precision. */
export function calibrationImages({ precision, int8 }: WorkContext<typeof stage>['params'], { info }: Dataset): readonly number[] {
  return precision === 'int8' ? spread([...Array(info.count).keys()], int8.images) : [];
}

/** Makes a model's form in the precision that is asked for; int8 is calibrated on training images, with batch norms folded before. */
export async function onnxForm({ params, cpu, log, fail }: WorkContext<typeof stage>, model: Model, data: Dataset): Promise<OnnxForm> {
  const { precision, int8 } = params;
  if (precision === 'float32') return { model, precision };
  if (precision !== 'int8') {
    const large = [...model.weights].find(([, { shape, data: numbers }]) => shape.length > 1 && numbers.some(isTooLarge));
    if (precision === 'float16' && large !== undefined) {
      fail(`the weight ${large[0]} holds a number above 65504, the largest of float16`, 'Choose `precision: bfloat16` or float32.');
    }
    return { model, precision, rewrite: shortWeights(precision) };
  }
  const folded = { ...model, ...fuse(model) };
  const images = calibrationImages(params, data);
  const { target, method, percentile } = int8;
  const keepFloat = int8.keep_float.filter((kept) => kept !== 'none');
  const form = await quantise(folded, {
    ...{ target, keepFloat, method, percentile, threads: cpu },
    batches: () => normalisedBatches(images, data, model),
  });
  const { int8: whole, float32 } = form.layers;
  log(`int8: ${whole} layers with weights, ${float32} left in float32; calibrated on ${images.length} training images by ${method}`);
  return { model: folded, precision, rewrite: form.rewrite };
}

function isTooLarge(value: number): boolean {
  return Math.abs(value) >= 65_520;
}

/** Images as the model takes them, channels first. */
function* normalisedBatches(images: readonly number[], data: Dataset, { input }: Model): Generator<Float32Array> {
  const normaliser = new Normaliser(input);
  const pixels = new Uint8Array(data.info.height * data.info.width * data.info.channels);
  const area = input.size * input.size * input.channels;
  for (let start = 0; start < images.length; start += batch) {
    const part = images.slice(start, start + batch);
    const fed = new Float32Array(part.length * area);
    part.forEach((image, index) => {
      data.read(image, pixels);
      normaliser.write(cropCentre(pixels, data.info, input.size), 'NCHW', fed, index * area);
    });
    yield fed;
  }
}

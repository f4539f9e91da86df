import { join } from 'node:path';
import {
  cropCentre,
  decodeImage,
  formatFolder,
  Normaliser,
  openOnnx,
  openOnnxOfPictures,
  openSavedModelOfPictures,
  preparationOf,
  softmax,
} from 'stillroom/nn';
import type { Dataset, Model, PictureClassifier, Pixels } from 'stillroom/nn';
import type { ExportFormat } from './formats.ts';

/** The formats that can take pictures, with what opens them. */
const openers: Partial<Record<ExportFormat, (folder: string, threads: number) => Promise<PictureClassifier>>> = {
  onnx: (folder, threads) => openOnnxOfPictures(join(folder, 'pictures.onnx'), threads),
  saved_model: async (folder) => openSavedModelOfPictures(folder),
};

/** Those of the formats that can take pictures. */
export function takingPictures(formats: readonly ExportFormat[]): ExportFormat[] {
  return formats.filter((format) => openers[format] !== undefined);
}

/** How far the probabilities of what takes pictures are from those of the same pictures prepared outside: the largest difference of each. */
export interface PictureDifferences {
  /** Over images that need not be resized, of all formats. */
  readonly stored: number;
  /** The mean over pictures that are resized, and the largest. */
  readonly resized: { readonly mean: number; readonly most: number };
}

/** The picture of an image enlarged, with its lower part cut off: made up, since training sets hold no originals. */
async function enlarged(image: Pixels): Promise<Pixels> {
  const size = Math.round(image.width * 1.7);
  const { channels } = image;
  const data = await decodeImage(image, { size, channels, fit: 'stretch', background: 0 });
  const height = Math.ceil(size * 0.8);
  return { data: data.slice(0, height * size * channels), height, width: size, channels };
}

const largest = (a: Float32Array, b: Float32Array): number =>
  a.reduce((most, value, place) => Math.max(most, Math.abs(value - (b[place] as number))), 0);

/** What compares pictures by an exported model's ONNX file, resized inside and outside. */
interface Comparing {
  readonly model: Model;
  readonly data: Dataset;
  /** The exported model's folder, and the ONNX file that takes normalised images. */
  readonly folder: string;
  readonly onnx: string;
  readonly formats: readonly ExportFormat[];
  readonly threads: number;
}

/** Compares some images as pictures, as they are and enlarged, with what the ONNX file gives for them when they are prepared outside. */
export async function comparePictures(
  { model, data, folder, onnx, formats, threads }: Comparing,
  images: readonly number[],
): Promise<PictureDifferences> {
  const { input, classes } = model;
  const { height, width } = data.info;
  const channels = data.info.channels as 1 | 3;
  const normaliser = new Normaliser(input);
  const outside = await openOnnx(onnx, threads);
  const expected = async (picture: Pixels): Promise<Float32Array> => {
    const prepared = await decodeImage(picture, preparationOf(data.info));
    const fed = new Float32Array(input.size * input.size * channels);
    normaliser.write(cropCentre(prepared, data.info, input.size), outside.layout, fed);
    return softmax(await outside.logits(fed, 1), classes.length);
  };
  const opened = await Promise.all(formats.map((format) => openers[format]?.(formatFolder(folder, format), threads)));
  const inside = opened.filter((one) => one !== undefined);
  const difference = async (picture: Pixels): Promise<number> => {
    const wanted = await expected(picture);
    const all = await Promise.all(inside.map((one) => one.probabilities(picture)));
    return Math.max(...all.map((given) => largest(given, wanted)));
  };
  const [stored, resized]: [number[], number[]] = [[], []];
  for (const image of images) {
    const pixels = new Uint8Array(height * width * channels);
    data.read(image, pixels);
    const picture: Pixels = { data: pixels, height, width, channels };
    stored.push(await difference(picture));
    resized.push(await difference(await enlarged(picture)));
  }
  await Promise.all([outside, ...inside].map((one) => one.close()));
  const mean = resized.reduce((sum, one) => sum + one, 0) / resized.length;
  return { stored: Math.max(...stored), resized: { mean, most: Math.max(...resized) } };
}

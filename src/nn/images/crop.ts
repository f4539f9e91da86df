import { centrePlacement, placeImage } from './place.ts';
import type { DatasetInfo } from '../data/dataset.ts';

/** The `size` × `size` pixels in the middle of an image (height × width × channels bytes): what a model is evaluated on. */
export function cropCentre(pixels: Uint8Array, extent: Pick<DatasetInfo, 'height' | 'width' | 'channels'>, size: number): Uint8Array {
  if (extent.height === size && extent.width === size) return pixels;
  const cropped = new Uint8Array(size * size * extent.channels);
  placeImage(pixels, extent, centrePlacement(extent, size), size, cropped);
  return cropped;
}

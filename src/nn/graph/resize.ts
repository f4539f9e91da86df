import type { Graph } from './graph.ts';
import { integers } from './shapes.ts';
import type { Value } from './types.ts';
import { typeOf } from './types.ts';

/**
 * Square images [N, H, W, C] of another size, as float32: bilinear between pixels whose centres lie at halves, without smoothing where they
 * become smaller, as torch's `interpolate(…, mode='bilinear', align_corners=False)`. Its gradient is not recorded.
 */
export function resizeImages(graph: Graph, images: Value, size: number): Value {
  const [batch, , , channels] = images.shape as readonly [number, number, number, number];
  const attributes = { T: typeOf(images), align_corners: { bool: false }, half_pixel_centers: { bool: true } } as const;
  const shape = [batch, size, size, channels];
  return graph.node('ResizeBilinear', { inputs: [images, integers(graph, [size, size])], attributes, outputs: [[shape, 'float']] })
    .outputs[0] as Value;
}

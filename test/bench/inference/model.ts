import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeModel, encodeOnnx, fuse, initialWeights, writeExported } from 'stillroom/nn';
import mobileNetV3Small from '../../../src/nn/models/mobilenet-v3-small.ts';

/** What the photographs are of, as far as the model is concerned: its weights are fresh, so only its speed means something. */
export const CLASSES = ['one', 'two', 'three', 'four', 'five', 'six', 'seven'];

/** Height and width of what the model takes. */
export const SIZE = 224;

/** Writes MobileNetV3-small with its batch norms folded, as the stage `export` writes a model. */
export function writeShippedModel(folder: string): void {
  const architecture = mobileNetV3Small({ classes: CLASSES.length, channels: 3, stemStride: 2 });
  const { network, weights } = fuse({ network: architecture, weights: initialWeights(architecture, 1) });
  const input = { size: SIZE, channels: 3, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
  const preparation = { size: SIZE, channels: 3, fit: 'cover', background: 0 } as const;
  const name = 'mobilenet-v3-small';
  const metadata = describeModel({ architecture: name, classes: CLASSES, input, preparation, network }, 'NCHW');
  writeExported(folder, { architecture: name, classes: CLASSES, input, preparation, formats: ['onnx'] });
  mkdirSync(join(folder, 'onnx'), { recursive: true });
  const file = encodeOnnx(network, weights, { size: SIZE, channels: 3, classes: CLASSES.length, name, metadata });
  writeFileSync(join(folder, 'onnx/model.onnx'), file);
}

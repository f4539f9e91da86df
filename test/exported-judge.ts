import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describeModel, encodeOnnx, writeExported } from 'stillroom/nn';
import type { Network, Preparation } from 'stillroom/nn';

/** The classes of the judge: one needs quotes in a CSV. */
export const judgeClasses = ['red', 'green, mostly', 'blue'];

/** How pictures are prepared for the judge: it takes the middle of 24 × 24 of them. */
export const judgePreparation = { size: 28, channels: 3, fit: 'pad', background: 0 } as const;

/** Writes an exported model into a folder that says which of three colours the middle of a picture has most of. */
export function writeJudge(folder: string, fit: Preparation['fit'] = 'pad'): string {
  const network: Network = {
    layers: [
      { kind: 'input', name: 'image', inputs: [] },
      { kind: 'global-average-pool', name: 'pool', inputs: ['image'] },
      { kind: 'flatten', name: 'flat', inputs: ['pool'] },
      { kind: 'dense', name: 'head', inputs: ['flat'], inFeatures: 3, outFeatures: 3 },
    ],
    output: 'head',
  };
  const weights = new Map([
    ['head.weight', { shape: [3, 3], data: Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1) }],
    ['head.bias', { shape: [3], data: new Float32Array(3) }],
  ]);
  const input = { size: 24, channels: 3, mean: [0.5, 0.5, 0.5], std: [0.25, 0.2, 0.25] };
  const described = { architecture: 'judge', classes: judgeClasses, input, preparation: { ...judgePreparation, fit } };
  writeExported(folder, { ...described, formats: ['onnx'] });
  mkdirSync(join(folder, 'onnx'), { recursive: true });
  const metadata = describeModel({ ...described, network }, 'NCHW');
  const options = { size: 24, channels: 3, classes: 3, name: 'judge', metadata };
  writeFileSync(join(folder, 'onnx', 'model.onnx'), encodeOnnx(network, weights, options));
  return folder;
}

/** The bytes of a textured picture that has most of a colour (0 red, 1 green, 2 blue), in the kind of a suffix. */
export function colouredPicture(colour: number, suffix: string, [width, height] = [70, 42]): Promise<Buffer> {
  const pixels = Buffer.from(
    Array.from({ length: width * height * 3 }, (_, index) => (index % 3 === colour ? 170 : 60) + ((index * 7919 + colour * 31) % 60)),
  );
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .toFormat(suffix.slice(1) as 'png')
    .toBuffer();
}

// Prints what an exported model takes a picture for, and how probably: node predict.mjs FOLDER PICTURE (npm install onnxruntime-node sharp)
import { readFileSync } from 'node:fs';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import sharp from 'sharp';

const [folder = 'model', picture] = process.argv.slice(2);
const { classes, preparation, input } = JSON.parse(readFileSync(`${folder}/exported.json`, 'utf8'));
const { size, channels, background: grey } = preparation;
/** @type {Record<string, 'contain' | 'cover' | 'fill'>} */
const fits = { pad: 'contain', shrink: 'contain', cover: 'cover', stretch: 'fill' };
const background = { r: grey, g: grey, b: grey };
const upright = sharp(picture).autoOrient().flatten({ background });
const options = { fit: fits[preparation.fit] ?? 'contain', background, withoutEnlargement: preparation.fit === 'shrink' };
const resized = upright.resize(size, size, options);
const pixels = await resized
  .toColourspace(channels === 1 ? 'b-w' : 'srgb')
  .raw()
  .toBuffer();
const [side, margin] = [input.size, Math.floor((size - input.size) / 2)]; // the middle, channel after channel
const numbers = Float32Array.from({ length: channels * side * side }, (_, at) => {
  const [channel, y, x] = [Math.floor(at / side ** 2), Math.floor(at / side) % side, at % side];
  return ((pixels[((y + margin) * size + x + margin) * channels + channel] ?? 0) / 255 - input.mean[channel]) / input.std[channel];
});
const session = await InferenceSession.create(`${folder}/onnx/model.onnx`);
const { logits } = await session.run({ input: new Tensor('float32', numbers, [1, channels, side, side]) });
const powers = Array.from(/** @type {Float32Array} */ (logits?.data), Math.exp); // their share of the sum: the softmax
const best = powers.indexOf(Math.max(...powers));
console.log(classes[best], (powers[best] ?? 0) / powers.reduce((sum, power) => sum + power));
